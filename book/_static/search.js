/* A word of the search is looked up in tables that are plain objects, and each of those has a
   "constructor" and a "__proto__" of its own. Here they get nothing but what stands in the index.
   This script runs after Sphinx's searchtools.js and before the index. */
"use strict";

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
