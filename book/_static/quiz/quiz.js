/* The quizzes of a page. The page holds questions, answers and their whys (book/_ext/quiz.py); this
   turns the answers into radio buttons and shows the why of the one that was chosen. */
(() => {
  "use strict";

  function element(name, attributes = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  /* One question: its state, and what it shows. `told` is called after each check. */
  function question(fieldset, words, told) {
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

    const state = { tries: 0, first: false };

    function show(kind, sign, word, why = []) {
      result.className = `quiz-result ${kind}`;
      const mark = element("span", { class: "quiz-sign", "aria-hidden": "true" }, sign);
      result.replaceChildren(mark, element("strong", {}, word), " ", ...why);
    }

    function answer() {
      const chosen = radios.findIndex((radio) => radio.checked);
      if (chosen < 0) {
        show("quiz-open", "?", words.choose);
        return;
      }
      const right = reasons[chosen].classList.contains("quiz-right");
      const why = reasons[chosen].querySelector(".quiz-why").cloneNode(true);
      why.querySelectorAll("[id]").forEach((one) => one.removeAttribute("id"));
      if (state.tries === 0) state.first = right;
      state.tries += 1;
      if (right) show("quiz-is-right", "✓", words.right, [why]);
      else show("quiz-is-wrong", "✗", words.wrong, [why]);
      told();
    }

    function clear() {
      result.className = "quiz-result";
      result.replaceChildren();
    }

    // What is said of one answer does not stand beside another.
    radios.forEach((radio) => radio.addEventListener("change", clear));
    check.addEventListener("click", answer);

    return {
      state,
      focus: () => radios[0].focus(),
      restart() {
        radios.forEach((radio) => (radio.checked = false));
        Object.assign(state, { tries: 0, first: false });
        clear();
      },
    };
  }

  function quiz(box) {
    const words = box.dataset;
    const score = element("p", { class: "quiz-score", role: "status" });
    const again = element("button", { type: "button", class: "quiz-again" }, words.again);
    again.hidden = true;

    const questions = [...box.querySelectorAll(".quiz-question")].map((one) =>
      question(one, words, () => {
        again.hidden = false;
        if (questions.every(({ state }) => state.tries > 0)) {
          const right = questions.filter(({ state }) => state.first).length;
          score.textContent = words.score
            .replace("{right}", right)
            .replace("{all}", questions.length);
        }
      }),
    );
    again.addEventListener("click", () => {
      questions.forEach((one) => one.restart());
      score.textContent = "";
      again.hidden = true;
      questions[0].focus();
    });
    box.append(element("div", { class: "quiz-end" }, score, again));
    box.classList.add("quiz-on");
  }

  document.querySelectorAll(".quiz").forEach(quiz);

  // On paper nothing is folded away.
  const folded = () => document.querySelectorAll(".quiz-solution");
  window.addEventListener("beforeprint", () => folded().forEach((one) => (one.open = true)));
  window.addEventListener("afterprint", () => folded().forEach((one) => (one.open = false)));
})();
