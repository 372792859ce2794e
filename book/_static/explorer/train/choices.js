/* What a reader chooses before a training or while it runs, each with a word on what to expect. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const { say } = LeNet;
  const { make } = LeNet.widgets;
  const LISTED = ["rate", "falls", "batch", "shift", "activation", "pooling", "table", "c1", "c3"];
  const NAMED = ["activation", "pooling", "table"]; // their options have words, the others numbers
  const COUNTED = ["falls", "shift"]; // … of these in words, and 0 has words of its own
  const PLAIN = { c1: 6, c3: 16 }; // LeNet-5's own

  /** The settings as the fields name them. */
  const flat = ({ maps, ...settings }) => ({ ...settings, c1: maps[0], c3: maps[1] });

  /** Say what to expect of a choice. */
  function hint(name, value, usual) {
    if (NAMED.includes(name)) return say(`trainer.hint.${name}.${value}`);
    if (name === "seed") return say("trainer.hint.seed");
    if (COUNTED.includes(name) && !value) return say(`trainer.hint.${name}.none`);
    const than = PLAIN[name] || usual[name];
    const most = name === "shift" ? than : 3 * than;
    const size = value > most ? "much" : value < than / 3 ? "little" : "fit";
    return say(`trainer.hint.${name}.${size}`);
  }

  /** Say what an option of a choice is. */
  function optionText(name, value, where = "option") {
    if (NAMED.includes(name)) return say(`trainer.option.${name}.${value}`);
    if (!COUNTED.includes(name)) return String(value);
    const count = Number(value);
    const values = { count, digits: LeNet.curves.grouped(count) };
    return say(`trainer.${where}.${name}${count ? "" : ".none"}`, values);
  }

  /** Offer a value; one that a link brought is put among the others. */
  function offer(select, name, value) {
    if (Array.from(select.options).some((option) => option.value === String(value))) return;
    const option = (one) => make("option", { value: one }, optionText(name, one));
    const values = Array.from(select.options, (one) => one.value);
    const all = values.length ? values.map(Number) : LeNet.trainLink.CHOICES[name];
    const whole = NAMED.includes(name) ? all : Array.from(new Set([...all, value]));
    if (!NAMED.includes(name)) whole.sort((a, b) => a - b);
    select.replaceChildren(...whole.map(option));
  }

  /** Show the settings in the fields. */
  function show(parts, settings) {
    const usual = LeNet.trainLink.defaults();
    const values = flat(settings);
    for (const name of [...LISTED, "seed"]) {
      const field = parts[name];
      if (name !== "seed") offer(field, name, values[name]);
      field.value = values[name];
      parts[`${name}Hint`].textContent = hint(name, values[name], usual);
    }
    for (const name of ["c1", "c3"]) {
      parts[name].disabled = values.table === "1998";
      if (parts[name].disabled) parts[`${name}Hint`].textContent = say("trainer.hint.fixed");
    }
    const plain = flat(usual);
    parts.usual.disabled = Object.keys(plain).every(
      (key) => String(plain[key]) === String(values[key]),
    );
  }

  /** Return what a field that was changed says, as settings; null where it is nonsense. */
  function changed(parts, name, settings) {
    const text = parts[name].value;
    if (NAMED.includes(name)) {
      const set = { [name]: text };
      if (name === "table" && text === "1998") set.maps = [PLAIN.c1, PLAIN.c3];
      return set;
    }
    const value = Number(text);
    if (name === "seed" && !/^\d{1,4}$/.test(text)) return null;
    if (name === "c1") return { maps: [value, settings.maps[1]] };
    if (name === "c3") return { maps: [settings.maps[0], value] };
    return { [name]: value };
  }

  /** Give life to the fields; return a function that shows the run's settings in them. */
  LeNet.choices = function (parts, run) {
    const showAll = () => show(parts, run.settings);
    for (const name of [...LISTED, "seed"])
      parts[name].addEventListener("change", () => {
        const set = changed(parts, name, run.settings);
        if (set) run.set(set);
        showAll();
      });
    parts.usual.addEventListener("click", () => {
      run.set(LeNet.trainLink.defaults());
      showAll();
      parts.rate.focus(); // the button is dead now
    });
    showAll();
    return showAll;
  };

  /** Say in short what settings are: "tanh, average pooling, 6 and 16 maps, rate 0.03 …". */
  LeNet.choices.inWords = ({ maps, rate, batch, seed, ...settings }) => {
    const worded = [...NAMED, ...COUNTED].map((name) => [
      name,
      optionText(name, settings[name], "settings"),
    ]);
    const numbers = { c1: maps[0], c3: maps[1], rate, batch, seed };
    return say("trainer.settings", { ...Object.fromEntries(worded), ...numbers });
  };
})();
