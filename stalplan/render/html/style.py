"""How the page looks: on a phone, at a desk, in the dark, on paper.

Colours are from one table for light and one for dark, each with at least the contrast
that WCAG 2.2 AA asks for. No meaning is told by colour alone.
"""

STYLE = """
:root {
  color-scheme: light dark;
  --page: #ffffff; --ink: #1b1f24; --soft: #57606a; --line: #d5dae0; --tint: #f5f7f9;
  --link: #0a58b8; --add: #116329; --add-tint: #e3f6e8; --del: #a40e26;
  --del-tint: #fdeaec; --mod: #7a4b00; --mod-tint: #fff4d6; --bar-1: #b35900;
  --bar-2: #a40e26; --bar-3: #6639ba; --bar-4: #0a6c74;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12161b; --ink: #e4e8ec; --soft: #9da7b3; --line: #343c46; --tint: #1a2027;
    --link: #78b4ff; --add: #6fdc8c; --add-tint: #12301c; --del: #ff9aa5;
    --del-tint: #3c161b; --mod: #f2c14e; --mod-tint: #352a0d; --bar-1: #f0a04b;
    --bar-2: #ff7b89; --bar-3: #b79cf5; --bar-4: #4fc3cc;
  }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; -webkit-text-size-adjust: 100%; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body {
  margin: 0 auto; max-width: 78rem; padding: 1.5rem 1.25rem 3rem;
  background: var(--page); color: var(--ink);
  font: 1rem/1.5 system-ui, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif;
  overflow-wrap: anywhere;
}
p, ul, ol, dl, pre, h1, h2, h3 { margin: 0; }
ul, ol { padding: 0; list-style: none; }
a { color: var(--link); }
code, pre { font: .875rem/1.6 ui-monospace, "DejaVu Sans Mono", monospace; }
:focus-visible {
  outline: 3px solid var(--link); outline-offset: 2px; border-radius: 3px;
}
summary { cursor: pointer; }
.skip {
  position: absolute; left: -100vw; padding: .5rem 1rem; background: var(--page);
}
.skip:focus { left: .5rem; top: .5rem; z-index: 9; }
.said {
  position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
  white-space: nowrap;
}

.kicker { color: var(--soft); font-size: .875rem; letter-spacing: .02em; }
h1 { font-size: clamp(1.4rem, 1rem + 2vw, 2rem); line-height: 1.25; font-weight: 650; }
h2 { font-size: 1.25rem; font-weight: 650; margin: 2.5rem 0 .75rem; }
h3 { font-size: 1rem; font-weight: 650; }
.count {
  display: inline-block; min-width: 1.6em; padding: 0 .45em; border-radius: 1em;
  background: var(--tint); border: 1px solid var(--line); color: var(--soft);
  font-size: .8em; font-weight: 500; text-align: center;
}
.verdict {
  margin: 1rem 0; padding: .9rem 1.1rem; border-radius: .5rem;
  border: 1px solid var(--line); border-left: .4rem solid var(--mod);
  background: var(--tint);
}
.verdict.stops { border-left-color: var(--del); background: var(--del-tint); }
.verdict.quiet { border-left-color: var(--add); background: var(--add-tint); }
.sentence { font-size: 1.125rem; font-weight: 600; }
.obstacle { color: var(--del); font-weight: 650; }
.facts { display: flex; flex-wrap: wrap; gap: .1rem 1.5rem; font-size: .9rem; }
.facts dt { color: var(--soft); }
.facts dd { margin: 0; }
.facts dt, .facts dd { display: inline; }
.facts dt::after { content: " "; }
nav ul { display: flex; flex-wrap: wrap; gap: .5rem; margin-top: 1.25rem; }
nav a {
  display: inline-block; padding: .3rem .8rem; border: 1px solid var(--line);
  border-radius: 2rem; text-decoration: none; font-size: .95rem;
}
nav a:hover { background: var(--tint); }
section { scroll-margin-top: 1rem; }

.changes li {
  display: grid; grid-template-columns: 6.6rem 1fr; gap: .25rem 1rem;
  align-items: start;
  padding: .7rem 0; border-top: 1px solid var(--line);
}
.mark {
  justify-self: start; padding: .05rem .6rem; border-radius: .3rem; font-weight: 600;
  font-size: .9rem; white-space: pre;
}
.mark.added { color: var(--add); background: var(--add-tint); }
.mark.changed { color: var(--mod); background: var(--mod-tint); }
.mark.removed { color: var(--del); background: var(--del-tint); }
.headline, .headline summary { font-weight: 600; }
.headline p { font-weight: 400; }
.why, .alike, .still, .over, .place, .legend, .names { color: var(--soft); }
.cause {
  font-size: .8rem; padding: 0 .4rem; border: 1px solid var(--line);
  border-radius: .3rem;
}
.arrow { white-space: nowrap; }
.more { color: var(--link); font-weight: 400; white-space: nowrap; }
details[open] > summary .more { visibility: hidden; }

.scroll {
  position: relative; overflow: auto; max-height: 85vh; border: 1px solid var(--line);
  border-radius: .5rem;
}
table { border-collapse: separate; border-spacing: 0; width: 100%; font-size: .9rem; }
th, td {
  padding: .45rem .6rem; border-top: 1px solid var(--line); text-align: center;
}
thead th {
  position: sticky; top: 0; z-index: 2; background: var(--tint); vertical-align: bottom;
  line-height: 1.25; font-weight: 600; min-width: 5.2rem; overflow-wrap: normal;
  border-bottom: 1px solid var(--line); border-top: 0;
}
th:first-child {
  position: sticky; left: 0; z-index: 1; text-align: left; background: var(--page);
  border-right: 1px solid var(--line); min-width: 6rem; overflow-wrap: break-word;
}
thead th:first-child { z-index: 3; background: var(--tint); }
thead th:nth-child(2), thead th:last-child { min-width: 3rem; }
tbody th { font-weight: 600; }
.node { display: inline-block; max-width: min(18rem, 38vw); }
tbody th details { font-weight: 400; max-width: min(18rem, 38vw); }
tr.changing th:first-child { box-shadow: inset .25rem 0 0 var(--mod); }
td { white-space: nowrap; position: relative; }
td.off, .same { color: var(--soft); }
.begins, .ends, .moves {
  display: inline-block; padding: 0 .4rem; border: 1px solid; border-radius: .3rem;
  font-weight: 600;
}
.begins { color: var(--add); background: var(--add-tint); }
.ends { color: var(--del); background: var(--del-tint); border-style: dashed; }
.moves { color: var(--mod); background: var(--mod-tint); border-style: dotted; }
.note {
  display: inline-block; margin-left: .5rem; padding: 0 .4rem; border-radius: .3rem;
  font-size: .8rem; background: var(--mod-tint); color: var(--mod);
}
.legend { font-size: .875rem; margin: .6rem 0; }

.steps { position: relative; }
.steps > li { display: flex; gap: .9rem; scroll-margin-top: 1rem; }
.lanes {
  display: flex; gap: .25rem; border-left: 2px solid var(--line);
  padding-left: .4rem;
}
.lanes span { position: relative; width: .6rem; }
.lanes i {
  position: absolute; left: 0; right: 0; top: 0; bottom: 0; background: var(--bar-1);
  border: 0;
}
.lanes i.begins { top: 1.2rem; border-radius: .3rem .3rem 0 0; }
.lanes i.ends { bottom: calc(100% - 1.2rem); border-radius: 0 0 .3rem .3rem; }
.lanes i.closes { bottom: 1.4rem; border-radius: 0 0 .3rem .3rem; }
.lanes i.double { background: var(--bar-1); }
.lanes i.uncovered { background: var(--bar-2); }
.lanes i.split { background: var(--bar-3); }
.lanes i.parted { background: var(--bar-4); }
.step { flex: 1; min-width: 0; padding-bottom: 1.4rem; position: relative; }
.steps > li:target .step h3 { text-decoration: underline; }
.number { color: var(--soft); font-weight: 500; margin-right: .4rem; }
.acts { font-size: .9rem; }
.risk {
  margin-top: .5rem; padding: .4rem .75rem; border-left: .3rem solid var(--bar-1);
  background: var(--mod-tint);
}
.risk.uncovered { border-left-color: var(--bar-2); background: var(--del-tint); }
.risk.split { border-left-color: var(--bar-3); }
.risk.parted { border-left-color: var(--bar-4); }
.still, .over { font-size: .9rem; margin-top: .3rem; }
.alike li { margin-top: .3rem; }
.names { font-size: .875rem; }

.findings > li {
  padding: .7rem 0 .7rem 1rem; border-left: .3rem solid var(--line); margin: .6rem 0;
}
.findings > li.warning { border-left-color: var(--mod); }
.findings > li.error { border-left-color: var(--del); }
.findings > li.blocks { background: var(--del-tint); padding-right: 1rem; }
.findings .place { font-size: .9rem; }
.hint { font-style: italic; }

.file { border: 1px solid var(--line); border-radius: .5rem; margin: .6rem 0; }
.file > summary { padding: .5rem .8rem; }
.file > .names { padding: 0 .8rem .4rem; }
.file > summary code { color: var(--soft); }
pre {
  padding: .6rem .8rem; background: var(--tint); white-space: pre-wrap;
  border-radius: 0 0 .5rem .5rem;
}
pre span { display: block; padding-left: 2ch; text-indent: -2ch; }
pre .added { color: var(--add); }
pre .removed { color: var(--del); }
footer {
  margin-top: 3rem; padding-top: 1rem; border-top: 1px solid var(--line);
  color: var(--soft); font-size: .875rem;
}

@media (max-width: 40rem) {
  body { padding: 1rem .9rem 2rem; }
  .changes li { grid-template-columns: 1fr; }
  th, td { padding: .4rem .45rem; }
}
@media print {
  :root {
    --page: #fff; --ink: #000; --soft: #444; --line: #aaa; --tint: #fff; --link: #000;
    --add: #0b4a1d; --add-tint: #fff; --del: #7d0a1c; --del-tint: #fff; --mod: #5a3700;
    --mod-tint: #fff;
  }
  body { max-width: none; padding: 0; font-size: 10pt; }
  nav, .skip, .more { display: none; }
  .scroll { overflow: visible; max-height: none; border: 0; }
  thead th, th:first-child { position: static; }
  details::details-content { content-visibility: visible; }
  .changes li, .findings > li, .steps > li, tr { break-inside: avoid; }
  h2 { break-after: avoid; }
}
"""
