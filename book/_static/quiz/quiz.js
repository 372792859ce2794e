/* The quizzes of a page. The page holds questions, answers and their whys (book/_ext/quiz.py); this
   turns the answers into radio buttons and shows the why of the one that was chosen. What a reader
   answered is kept in the browser, per page and quiz, as long as the questions are the same. */
(() => {
  "use strict";

  const KEPT = "lenet-quiz:"; // what a key of the browser's storage begins with

  /* What is kept of a quiz. A browser may forbid its storage, or have none left: then it is lost. */
  function memory(box, place) {
    const key = `${KEPT}${location.pathname}:${place}`;
    const { text } = box.dataset; // a mark of the questions, by which others are told from them
    return {
      read() {
        try {
          const kept = JSON.parse(localStorage.getItem(key));
          return kept?.text === text && Array.isArray(kept.answers) ? kept.answers : [];
        } catch {
          return [];
        }
      },
      write(answers) {
        try {
          localStorage.setItem(key, JSON.stringify({ text, answers }));
        } catch {
          // The quiz works all the same.
        }
      },
      clear() {
        try {
          localStorage.removeItem(key);
        } catch {
          // Nothing was kept.
        }
      },
    };
  }

  function element(name, attributes = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  /* One question: its state, and what it shows. `told` is called after each check, `changed` after
     each choice. */
  function question(fieldset, words, told, changed) {
    const reasons = [...fieldset.querySelectorAll(".quiz-reason")];
    const radios = [...fieldset.querySelectorAll(".quiz-choices > li")].map((item, index) => {
      const radio = element("input", {
        type: "radio",
        name: fieldset.id,
        value: String(index),
        autocomplete: "off",
      });
      item.prepend(element("label", {}, radio, item.querySelector(".quiz-choice")));
      return radio;
    });
    const check = element("button", { type: "button", class: "quiz-check" }, words.check);
    const result = element("div", { class: "quiz-result", role: "status" });
    fieldset.querySelector(".quiz-choices").after(check, result);

    const state = { tries: 0, first: false, checked: false }; // checked: the choice has its verdict

    function show(kind, sign, word, why = []) {
      result.className = `quiz-result ${kind}`;
      const mark = element("span", { class: "quiz-sign", "aria-hidden": "true" }, sign);
      result.replaceChildren(mark, element("strong", {}, word), " ", ...why);
    }

    const choice = () => radios.findIndex((radio) => radio.checked);

    function verdict() {
      const chosen = choice();
      const right = reasons[chosen].classList.contains("quiz-right");
      const why = reasons[chosen].querySelector(".quiz-why").cloneNode(true);
      why.querySelectorAll("[id]").forEach((one) => one.removeAttribute("id"));
      if (right) show("quiz-is-right", "✓", words.right, [why]);
      else show("quiz-is-wrong", "✗", words.wrong, [why]);
      state.checked = true;
      return right;
    }

    function answer() {
      if (choice() < 0) {
        show("quiz-open", "?", words.choose);
        return;
      }
      const right = verdict();
      if (state.tries === 0) state.first = right;
      state.tries += 1;
      told();
    }

    function clear() {
      state.checked = false;
      result.className = "quiz-result";
      result.replaceChildren();
    }

    // What is said of one answer does not stand beside another.
    radios.forEach((radio) =>
      radio.addEventListener("change", () => {
        clear();
        changed();
      }),
    );
    check.addEventListener("click", answer);

    return {
      state,
      focus: () => radios[0].focus(),
      restart() {
        radios.forEach((radio) => (radio.checked = false));
        Object.assign(state, { tries: 0, first: false });
        clear();
      },
      /* What is kept of it, and how that is put back; what can't be is left out. */
      kept: () => [choice(), state.tries, Number(state.first), Number(state.checked)],
      restore(kept) {
        const [chosen, tries, first, checked] = Array.isArray(kept) ? kept : [];
        if (!radios[chosen] || !Number.isInteger(tries) || tries < 0) return;
        radios[chosen].checked = true;
        Object.assign(state, { tries, first: first === 1 });
        if (checked === 1 && tries > 0) verdict();
      },
    };
  }

  function quiz(box, place) {
    const words = box.dataset;
    const kept = memory(box, place);
    const score = element("p", { class: "quiz-score", role: "status" });
    const again = element("button", { type: "button", class: "quiz-again" }, words.again);
    again.hidden = true;

    const keep = () => kept.write(questions.map((one) => one.kept()));
    const tell = () => {
      again.hidden = questions.every(({ state }) => state.tries === 0);
      if (questions.some(({ state }) => state.tries === 0)) return;
      const right = questions.filter(({ state }) => state.first).length;
      score.textContent = words.score.replace("{right}", right).replace("{all}", questions.length);
    };
    const told = () => {
      keep();
      tell();
    };
    const questions = [...box.querySelectorAll(".quiz-question")].map((one) =>
      question(one, words, told, keep),
    );
    again.addEventListener("click", () => {
      questions.forEach((one) => one.restart());
      kept.clear();
      score.textContent = "";
      again.hidden = true;
      questions[0].focus();
    });
    const before = kept.read();
    questions.forEach((one, number) => one.restore(before[number]));
    tell();
    box.append(element("div", { class: "quiz-end" }, score, again));
    box.classList.add("quiz-on");
  }

  document.querySelectorAll(".quiz").forEach(quiz);

  // On paper nothing is folded away.
  const folded = () => document.querySelectorAll(".quiz-solution");
  window.addEventListener("beforeprint", () => folded().forEach((one) => (one.open = true)));
  window.addEventListener("afterprint", () => folded().forEach((one) => (one.open = false)));
})();
