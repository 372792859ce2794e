/* The page of an old address leads on to the new one, and there to the same place. */
"use strict";

const link = document.querySelector("main a");
const [before, now] = [location, link].map((one) => one.pathname.match(/(\d\d)-[^/]*$/)[1]);
link.search = location.search;
/* Places in a chapter bear its number: exercise 1 of the old chapter 4 was #c04-ex1. */
link.hash = location.hash.replace(new RegExp(`\\bc${before}-`), `c${now}-`);
location.replace(link.href);
