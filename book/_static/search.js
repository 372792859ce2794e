/* The search, in two ways better than Sphinx's. This script runs after searchtools.js and before the
   two indexes: Sphinx's, which knows pages, and that of the sections (book/_ext/sections.py). */
"use strict";

/* A word of the search is looked up in tables that are plain objects, and each of those has a
   "constructor" and a "__proto__" of its own. Here they get nothing but what stands in the index. */
{
  const { hasOwnProperty } = Object.prototype; // searchtools.js asks the tables for it
  const take = Search.setIndex;

  Search.setIndex = (index) => {
    for (const table of [index.terms, index.titleterms]) {
      Object.setPrototypeOf(table, null);
      Object.defineProperty(table, "hasOwnProperty", { value: hasOwnProperty }); // no word has capitals
    }
    take(index);
  };
}

/* Each page that was found leads to the section that has most to do with the words, and the pages
   stand in the order of these. A chapter explains; the glossary and the reference repeat. */
{
  const KINDS = [
    [/^chapters\//, 1],
    [/^book\/glossary$/, 0.15],
    [/^book\/(api|command-line)$/, 0.25],
    [/^(book\/(references|errata|worksheet|teach)|genindex|py-modindex)$/, 0.3],
  ];
  const OTHER = 0.6;
  const REST = 0.3; // what a page's other sections add to the best one
  const COMMON = 0.5; // a heading that many pages have, "Exercises" say, explains nothing
  let table = null;
  const isLone = (word) => /^[\u3400-\u4dbf\u4e00-\u9fff]$/.test(word); // one Chinese character

  const kindOf = (page) => KINDS.find(([name]) => name.test(page))?.[1] ?? OTHER;

  Search.setSections = ({ sections, words, names = {} }) => {
    const pages = new Map();
    for (const [, , heading] of sections) pages.set(heading, (pages.get(heading) ?? 0) + 1);
    const worth = sections.map(([, , heading]) => (pages.get(heading) > 2 ? COMMON : 1));
    table = { sections, worth, words: new Map(Object.entries(words)) };
    Search.names = new Map(Object.entries(names));
  };

  /* Return Map(section → weight) of a word: where it stands, and for less, where words begin with it;
     where it stands nowhere, of all words that hold it. A Chinese character stands in pairs: these
     are added up. */
  function weights(word) {
    const found = new Map();
    const lone = isLone(word);
    const whole = table.words.has(word) && !lone;
    const isNear = whole ? (one) => one.startsWith(word) : (one) => one.includes(word);
    const near = word.length > 2 || lone ? [...table.words.keys()].filter(isNear) : [];
    for (const one of whole ? [word, ...near] : near)
      for (const place of table.words.get(one).split(" ")) {
        const [section, weight = 1] = place.split(":").map(Number);
        const value = weight * table.worth[section] * (whole && one !== word ? 0.5 : 1);
        const known = found.get(section) ?? 0;
        found.set(section, lone ? known + value : Math.max(known, value));
      }
    return found;
  }

  /* Return Map(page → {section, score}): its best section for these words. */
  function best(words) {
    const sums = new Map();
    const each = [...words].map(weights);
    for (const found of each)
      for (const [section, weight] of found) {
        const sum = sums.get(section) ?? { score: 0, count: 0 };
        sums.set(section, { score: sum.score + weight, count: sum.count + 1 });
      }
    const pages = new Map();
    for (const [section, { score, count }] of sums) {
      const [page] = table.sections[section];
      const value = (score * count) / each.length; // all words together say more than one of them
      const known = pages.get(page) ?? { top: 0, all: 0, section };
      const better = value > known.top;
      pages.set(page, {
        top: better ? value : known.top,
        all: known.all + value,
        section: better ? section : known.section,
      });
    }
    for (const [page, one] of pages)
      one.score = kindOf(page) * (one.top + REST * Math.sqrt(one.all - one.top));
    return pages;
  }

  const perform = Search._performSearch;
  Search._performSearch = (query, words, ...others) => {
    const results = perform(query, words, ...others); // the best one comes last
    if (!table || !words.size) return results;
    const pages = best(words),
      { docnames, titles: whole, filenames } = Search._index;
    if ([...words].every(isLone))
      // Sphinx's index has no single characters.
      docnames.forEach((name, n) => {
        if (pages.has(name)) results.unshift([name, whole[n], "", null, 0, filenames[n]]);
      });
    return inSections(results, pages).sort((one, other) => one[4] - other[4]);
  };

  /* Return the results, the best one first, each of which leads to the best section of its page. */
  function inSections(results, pages) {
    const titles = new Map(
        Search._index.docnames.map((name, n) => [name, Search._index.titles[n]]),
      ),
      seen = new Set(),
      kept = [];
    for (const result of results.reverse()) {
      const [page, title, anchor, about, score, file] = result;
      const found = pages.get(page);
      const isObject = about && !anchor.startsWith("#term-"); // of the package
      if (isObject || !found) {
        kept.push([page, title, anchor, about, isObject ? kindOf(page) * score : 0, file]);
        continue;
      }
      if (seen.has(page)) continue;
      seen.add(page);
      const [, id, heading] = table.sections[found.section];
      const whole = titles.get(page);
      const name = heading === whole ? whole : `${whole} › ${heading}`;
      kept.push([page, name, heading === whole ? "" : `#${id}`, null, found.score, file]);
    }
    return kept;
  }

  /* The lines that are shown of a page come from the section; those of a term, from its meaning. */
  const UNREAD = ".headerlink, script, style, template, .katex-html, annotation"; // a formula once
  const { htmlToText } = Search;
  Search.htmlToText = (text, anchor) => {
    if (!anchor) return htmlToText(text);
    const page = new DOMParser().parseFromString(text, "text/html");
    const place = page.getElementById(anchor.slice(1));
    if (!place) return htmlToText(text);
    const shown = place.matches("dt") ? (place.nextElementSibling ?? place) : place;
    for (const one of shown.querySelectorAll(UNREAD)) one.remove();
    return shown.textContent;
  };
}

/* In Chinese. A term has several names: what the glossary calls it too is looked up under its own
   name as well. And no spaces part the words, which Sphinx marks pair by pair: here whole ones are. */
{
  const RUN = /[\u3400-\u4dbf\u4e00-\u9fff]+/g;
  const parse = Search._parseQuery;
  const perform = Search._performSearch;
  const summary = Search.makeSearchSummary;
  let marked = null;

  Search.names = new Map(); // name → term; a term leads to itself

  /* Return the names that stand in a text, longest first, none inside another, and what is left. */
  function taken(text) {
    const found = [];
    for (const name of [...Search.names.keys()].sort((a, b) => b.length - a.length))
      if (text.includes(name)) {
        found.push(name);
        text = text.replaceAll(name, " ");
      }
    return [found, text];
  }

  /* Return a query with the terms in the places of their other names. */
  const renamed = (query) =>
    taken(query)[0].reduce((text, name) => text.replaceAll(name, Search.names.get(name)), query);

  /* Return what is to be marked of a run of characters: all of it, and the words inside it. */
  function wordsOf(run) {
    const [found, rest] = taken(run);
    const pieces = found.length || run.length < 5 ? (rest.match(RUN) ?? []) : splitQuery(run);
    return [run, ...found, ...pieces.filter((piece) => piece.length > 1)];
  }

  Search._parseQuery = (query) => {
    const parsed = parse(query);
    const runs = `${query} ${renamed(query)}`.match(RUN);
    marked = null;
    if (!runs) return parsed;
    const latin = [...parsed[3]].filter((word) => !word.match(RUN));
    const words = [...new Set(runs.flatMap(wordsOf))].sort((a, b) => b.length - a.length);
    marked = new Set([...words, ...latin]);
    localStorage.setItem("sphinx_highlight_terms", [...marked].join(" "));
    parsed[3] = marked;
    return parsed;
  };

  Search._performSearch = (query, ...others) => {
    const results = perform(query, ...others);
    const other = renamed(query);
    if (other === query) return results;
    const places = new Map();
    const [, ...asked] = parse(other);
    for (const result of [...results, ...perform(other, ...asked)]) {
      const place = result[3] ? `${result[0]}${result[2]}` : result[0]; // of the package, or a page
      if (!(places.get(place)?.[4] >= result[4])) places.set(place, result);
    }
    localStorage.setItem("sphinx_highlight_terms", [...marked].join(" "));
    return [...places.values()].sort((one, two) => one[4] - two[4]);
  };

  /* The lines begin near the last of the words that stands there. */
  Search.makeSearchSummary = (text, words, anchor) =>
    summary(text, marked ? [...marked].reverse() : words, anchor);
}
