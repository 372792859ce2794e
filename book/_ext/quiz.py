"""Sphinx extension: questions with answers that explain themselves.

In the source a quiz is an ordered list of questions, each with a list of answers. ``[x]`` marks the
right one, and every answer has its why in a paragraph of its own::

    :::{quiz}

    1. How many parameters has C1?

       - [ ] 150

         Six kernels of 25 weights make 150, but each has a bias as well.

       - [x] 156

         Six kernels of 25 weights, and six biases.

    :::

So it reads as a list of questions where nobody knows the directive, in JupyterLab for example. Each
question, answer and why is a paragraph, and so a message for a translator; the marks are not part
of it.

The page holds the questions, and the whys folded away: that is what one sees without JavaScript.
``_static/quiz/quiz.js`` puts in buttons and keeps what the reader answered. Other builders get
plain lists.
"""

import hashlib
import html
import re

import words
from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

MARK = re.compile(r"\[([ x])\]\s+")

#: What a reader sees, in ``book/words``; {right} and {all} in the score are put in by the script.
WORDS = ("check", "right", "wrong", "choose", "answer", "score", "again")


class quiz(nodes.General, nodes.Element):
    """All questions of a quiz."""


class quiz_question(nodes.General, nodes.Element):
    """A question's text, and then its answers."""


class quiz_answer(nodes.General, nodes.Element):
    """An answer in the first paragraph and its why in the others; ``right`` says which it is."""


class quiz_legend(nodes.General, nodes.TextElement):
    """The first paragraph of a question, on a page."""


class quiz_choices(nodes.General, nodes.Element):
    """The answers without their whys, on a page."""


class quiz_choice(nodes.General, nodes.TextElement):
    """One of them."""


class quiz_solution(nodes.General, nodes.Element):
    """The whys, on a page."""


class quiz_reason(nodes.General, nodes.Element):
    """One of them."""


class Quiz(SphinxDirective):
    has_content = True

    def run(self):
        parsed = nodes.Element()
        self.state.nested_parse(self.content, self.content_offset, parsed)
        if len(parsed) != 1 or not isinstance(parsed[0], nodes.enumerated_list):
            raise self.error("a quiz is one ordered list of questions, and nothing else")
        made = quiz()
        self.set_source_info(made)
        number = self.env.new_serialno("quiz") + 1
        for position, item in enumerate(parsed[0], 1):
            question = self.question(item, position)
            question["ids"] = [f"quiz-{number}-{position}"]
            made += question
        return [made]

    def question(self, item, position):
        where = f"question {position} of the quiz"
        *text, answers = item.children or [nodes.Text("")]
        if not isinstance(answers, nodes.bullet_list):
            raise self.error(f"{where} doesn't end in a list of answers")
        if not text or not isinstance(text[0], nodes.paragraph):
            raise self.error(f"{where} doesn't begin with a paragraph")
        made = quiz_question(number=position)
        made += text
        made += [self.answer(one, where) for one in answers]
        right = sum(one["right"] for one in made.findall(quiz_answer))
        if right != 1 or len(answers) < 2:
            raise self.error(f"{where} has {len(answers)} answers, of which {right} are right")
        return made

    def answer(self, item, where):
        text = item.children[0] if item.children else None
        marked = isinstance(text, nodes.paragraph) and MARK.match(text.rawsource)
        if not marked or not isinstance(text[0], nodes.Text):
            raise self.error(f"an answer to {where} doesn't begin with [ ] or [x]")
        if len(item) < 2:
            raise self.error(f"an answer to {where} has no why: {text.astext()}")
        # The mark is no text: a translator does not see it, and so can't lose it.
        text.rawsource = text.rawsource[marked.end() :]
        text[0] = nodes.Text(MARK.sub("", text[0], count=1))
        made = quiz_answer(right=marked[1] == "x")
        made += item.children
        return made


def recast(paragraph, kind):
    return kind(paragraph.rawsource, "", *paragraph.children)


class ForPages(SphinxPostTransform):
    """On a page the answers come first and their whys later, under a fold."""

    default_priority = 500
    formats = ("html",)

    def run(self, **kwargs):
        for question in list(self.document.findall(quiz_question)):
            answers = [one for one in question if isinstance(one, quiz_answer)]
            rest = [one for one in question if not isinstance(one, quiz_answer)]
            legend = recast(rest[0], quiz_legend)
            legend["number"] = question["number"]
            choices, solution = quiz_choices(), quiz_solution()
            for answer in answers:
                choices += recast(answer[0], quiz_choice)
                solution += quiz_reason("", *answer[1:], right=answer["right"])
            question.children = []
            question += [legend, *rest[1:], choices, solution]


class ForOthers(SphinxPostTransform):
    """Elsewhere it is a list of questions, and the answer after each."""

    default_priority = 500

    def run(self, **kwargs):
        if self.app.builder.format == "html":
            return
        wanted = wording(self.config)
        for one in list(self.document.findall(quiz)):
            questions = nodes.enumerated_list(enumtype="arabic", prefix="", suffix=".")
            for question in one:
                questions += self.item(question, wanted)
            one.replace_self(questions)

    def item(self, question, wanted):
        item = nodes.list_item("", *[o for o in question if not isinstance(o, quiz_answer)])
        answers = [one for one in question if isinstance(one, quiz_answer)]
        for part in (lambda one: one[:1], lambda one: one[1:]):
            listed = nodes.enumerated_list(enumtype="upperalpha", prefix="", suffix=".")
            for one in answers:
                listed += nodes.list_item("", *part(one))
            item += listed
        for one, reason in zip(answers, item[-1], strict=True):
            verdict = wanted["right" if one["right"] else "wrong"]
            reason.insert(0, nodes.paragraph("", "", nodes.strong("", verdict)))
        return item


def wording(config):
    table = words.read(config.language)
    return {name: table[f"quiz.{name}"] for name in WORDS}


def attributes(**values):
    return "".join(f' {name}="{html.escape(value)}"' for name, value in values.items())


def mark(node):
    """Return a mark of a quiz: other questions, answers or right answers have another."""
    right = [one["right"] for one in node.findall(quiz_reason)]
    return hashlib.sha256(f"{node.astext()}{right}".encode()).hexdigest()[:12]


def visit_quiz(self, node):
    said = {f"data-{name}": word for name, word in wording(self.config).items()}
    said["data-text"] = mark(node)
    self.body.append(f'<div class="quiz"{attributes(**said)}>\n')


def visit_question(self, node):
    self.body.append(f'<fieldset class="quiz-question" id="{node["ids"][0]}">\n')


def visit_legend(self, node):
    self.body.append(f'<legend><span class="quiz-number">{node["number"]}.</span> ')


def visit_reason(self, node):
    right = node["right"]
    word = html.escape(wording(self.config)["right" if right else "wrong"])
    kind = "quiz-reason quiz-right" if right else "quiz-reason"
    self.body.append(f'<li class="{kind}"><strong>{word}</strong> <div class="quiz-why">')


def visit_solution(self, node):
    word = html.escape(wording(self.config)["answer"])
    self.body.append(f'<details class="quiz-solution"><summary>{word}</summary>\n<ol type="A">\n')


def begin(text):
    return lambda self, node: self.body.append(text)


PAGE = {
    quiz: (visit_quiz, begin("</div>\n")),
    quiz_question: (visit_question, begin("</fieldset>\n")),
    quiz_legend: (visit_legend, begin("</legend>\n")),
    quiz_choices: (begin('<ol class="quiz-choices" type="A">\n'), begin("</ol>\n")),
    quiz_choice: (begin('<li><span class="quiz-choice">'), begin("</span></li>\n")),
    quiz_solution: (visit_solution, begin("</ol>\n</details>\n")),
    quiz_reason: (visit_reason, begin("</div></li>\n")),
}


def add_files(app, pagename, templatename, context, doctree):
    """Load script and style on the pages that have a quiz."""
    if doctree and next(doctree.findall(quiz), None):
        app.add_css_file("quiz/quiz.css")
        app.add_js_file("quiz/quiz.js", loading_method="defer")


def setup(app):
    app.add_directive("quiz", Quiz)
    for node, page in PAGE.items():
        app.add_node(node, html=page)
    app.add_node(quiz_answer)
    app.add_post_transform(ForPages)
    app.add_post_transform(ForOthers)
    app.connect("html-page-context", add_files)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
