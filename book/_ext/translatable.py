"""Sphinx extension: texts that Sphinx leaves out of its catalogues.

The titles of exercises and the words on folded cells (``code_prompt_show`` in the cell's metadata)
are no nodes of their own, so Sphinx neither extracts nor translates them. A node that nobody sees
carries each of them to the catalogue and brings the translation back.
"""

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms import SphinxTransform
from sphinx_exercise.nodes import exercise_subtitle, is_exercise_node

#: What a folded cell's words begin with, and what the words on the same cell begin with, unfolded.
SHOWN_AND_HIDDEN = {"Show": "Hide", "显示": "隐藏"}


def hidden(shown):
    """Return the words on an unfolded cell: those on the folded one, with the other verb."""
    for verb, other in SHOWN_AND_HIDDEN.items():
        if shown.startswith(verb):
            return other + shown.removeprefix(verb)
    return shown


class Carrier(addnodes.translatable, nodes.Element):
    """A text, and where it stands: the node, and the name of its attribute."""

    def preserve_original_messages(self):
        pass  # it is made with its text

    def extract_original_messages(self):
        return [self["message"]]

    def apply_translated_message(self, original_message, translated_message):
        target, place = self["target"], self["place"]
        if place == "subtitle":
            target.clear()
            target += nodes.Text(translated_message)
        else:
            target[place] = translated_message
            if target.get("prompt_hide", "").startswith(SHOWN_AND_HIDDEN["Show"]):
                target["prompt_hide"] = hidden(translated_message)


class CarryTexts(SphinxTransform):
    """Put a carrier behind every block that has such a text."""

    default_priority = 15  # before Sphinx translates

    def apply(self, **kwargs):
        for block, target, place, message in list(self.texts()):
            carrier = Carrier(message=message, target=target, place=place)
            carrier.source, carrier.line = block.source or self.document["source"], block.line
            block.parent.insert(block.parent.index(block) + 1, carrier)

    def texts(self):
        for cell in self.document.findall(nodes.container):
            prompt = cell.get("prompt_show")
            if prompt and prompt != self.config.nb_code_prompt_show:
                yield cell, cell, "prompt_show", prompt
        for exercise in self.document.findall(is_exercise_node):
            for subtitle in exercise.findall(exercise_subtitle):
                yield exercise, subtitle, "subtitle", subtitle.astext()


class ForgetCarriers(SphinxTransform):
    """Take the carriers out; solutions and links take the new titles from the registry."""

    default_priority = 850  # when Sphinx has translated

    def apply(self, **kwargs):
        if self.app.builder.name == "gettext":
            return
        for carrier in list(self.document.findall(Carrier)):
            carrier.parent.remove(carrier)
        registry = getattr(self.env, "sphinx_exercise_registry", {})
        for exercise in self.document.findall(is_exercise_node):
            registry[exercise["label"]]["node"] = exercise.deepcopy()


class OwnTranslations(SphinxTransform):
    """Let the nodes of a translation belong to the page.

    Sphinx parses each translated text as a document of its own, and its nodes remember that one:
    each page would be written, and read back, with a thousand documents in it.
    """

    default_priority = 870  # when all is translated, before Sphinx stores the page

    def apply(self, **kwargs):
        for node in self.document.findall():
            node.document = self.document


def setup(app):
    app.add_node(Carrier)
    app.add_transform(CarryTexts)
    app.add_transform(ForgetCarriers)
    app.add_transform(OwnTranslations)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
