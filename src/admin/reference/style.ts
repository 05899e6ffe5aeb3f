/** Style sheet of the pages. Contrast is at least 4.5 to 1 in both colour schemes (WCAG 2.2, 1.4.3). */
export const STYLE = `
:root {
  color-scheme: light dark;
  --text: #1c2024; --quiet: #59636e; --page: #ffffff; --panel: #f6f8fa; --line: #d8dee4;
  --link: #0a58b8; --focus: #0a58b8; --accent: #0a58b8; --on-accent: #ffffff;
  --get: #0a5c36; --post: #0b4f9e; --change: #7a4b00; --delete: #a3172b;
  --get-panel: #e3f5ea; --post-panel: #e4effc; --change-panel: #fbf0dc; --delete-panel: #fdeaec;
  --mono: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --text: #e6eaef; --quiet: #a3adb8; --page: #14171b; --panel: #1c2127; --line: #343b44;
    --link: #7ab4ff; --focus: #7ab4ff; --accent: #7ab4ff; --on-accent: #10141a;
    --get: #7fdca8; --post: #8fc1ff; --change: #f2c06b; --delete: #ff9aa6;
    --get-panel: #143322; --post-panel: #14294a; --change-panel: #3a2c10; --delete-panel: #43191f;
  }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
html { scroll-padding-top: 5rem; -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--page); color: var(--text);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
}
a { color: var(--link); text-underline-offset: .15em; }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; border-radius: .2rem; }
.skip {
  position: absolute; left: -100vw; z-index: 3; padding: .5rem 1rem; background: var(--page);
}
.skip:focus { left: 0; top: 0; }
h1, h2, h3, h4 { line-height: 1.25; overflow-wrap: anywhere; text-wrap: balance; }
h1 { margin: 0; font-size: clamp(1.6rem, 5vw, 2.2rem); letter-spacing: -.01em; }
h2 { margin: 0 0 .5rem; font-size: 1.5rem; letter-spacing: -.01em; }
h3 { margin: 0; font-size: 1.15rem; }
h3 a { color: inherit; text-decoration: none; }
h3 a:hover { text-decoration: underline; }
h4 { margin: 1.5rem 0 .25rem; font-size: .95rem; }
p { margin: .5rem 0; max-width: 44rem; }
code, pre, kbd { font: .88em/1.5 var(--mono); }
code { overflow-wrap: anywhere; }
pre { margin: 0; padding: .85rem 1rem; white-space: pre-wrap; overflow-wrap: anywhere; }
pre code { font-size: .82rem; }
kbd {
  padding: 0 .35rem; border: 1px solid var(--line); border-radius: .25rem; color: var(--quiet);
}
.quiet { color: var(--quiet); font-size: .9rem; }
ul { padding-left: 1.2rem; }

.top, .page { max-width: 88rem; margin: 0 auto; padding: 0 1rem; }
.top { padding-top: 1.25rem; padding-bottom: 1rem; }
.top p { margin: .15rem 0; }
.side { display: contents; }
.filter {
  position: sticky; top: 0; z-index: 2; padding: .6rem 0 .5rem; background: var(--page);
  border-bottom: 1px solid var(--line);
}
.filter { display: flex; flex-wrap: wrap; gap: 0 .75rem; align-items: center; }
.filter label { font-weight: 600; font-size: .9rem; }
.filter input { flex: 1; min-width: 0; margin: 0; }
.filter kbd { display: none; }
.filter p { flex-basis: 100%; margin: .2rem 0 0; }
.filter p:empty { display: none; }
.contents ul { margin: 0; padding: 0; list-style: none; }
.contents > ul { display: flex; flex-wrap: wrap; gap: .4rem; padding: .75rem 0; }
.contents > ul > li > a {
  display: block; padding: .3rem .7rem; border: 1px solid var(--line); border-radius: 1rem;
}
.contents a { text-decoration: none; font-size: .92rem; }
.contents a:hover { text-decoration: underline; }
.contents li ul { display: none; }

main > section { padding: 2rem 0 1rem; border-top: 1px solid var(--line); }
.operations { margin: .75rem 0 .5rem; padding: 0; list-style: none; }
.operations a { display: inline-block; padding: .3rem 0; }
.operation, .schema { padding: 1.75rem 0; }
.operation + .operation, .schema + .schema { border-top: 1px solid var(--line); }
.operation:target > h3, .schema:target > h3 { color: var(--link); }
tr:target { background: var(--panel); }
.address { margin: .4rem 0; max-width: none; overflow-wrap: anywhere; }
.method {
  display: inline-block; padding: .05rem .45rem; border-radius: .3rem;
  font: 700 .75rem/1.6 var(--mono); text-transform: uppercase;
}
.get { color: var(--get); background: var(--get-panel); }
.post { color: var(--post); background: var(--post-panel); }
.patch, .put { color: var(--change); background: var(--change-panel); }
.delete { color: var(--delete); background: var(--delete-panel); }

.fields { margin: 0; }
.fields > div { padding: .55rem 0; border-top: 1px solid var(--line); }
.fields dt > code { font-weight: 600; }
.fields dd { margin: .1rem 0 0; overflow-wrap: anywhere; }
.type, .rule { color: var(--quiet); font-size: .85rem; overflow-wrap: anywhere; }
.rule { display: block; }
.required { color: var(--delete); font-size: .8rem; font-weight: 600; }
.optional { color: var(--quiet); font-size: .8rem; font-weight: 600; }
.answers { margin: 0; padding: 0; list-style: none; font-size: .92rem; }
.answers li { padding: .2rem 0; }

figure {
  margin: 1rem 0; overflow: hidden; background: var(--panel);
  border: 1px solid var(--line); border-radius: .5rem;
}
figcaption {
  display: flex; flex-wrap: wrap; gap: .4rem; align-items: center; min-height: 2.4rem;
  padding: .3rem 1rem; border-bottom: 1px solid var(--line);
  font-size: .85rem; font-weight: 600;
}
button {
  padding: .35rem .8rem; border: 1px solid var(--line); border-radius: .4rem;
  background: var(--page); color: var(--text); font: inherit; font-size: .85rem; cursor: pointer;
}
button:hover { border-color: var(--focus); }
button:disabled { opacity: .6; cursor: progress; }
figcaption button { padding: .1rem .6rem; }
figcaption button:first-of-type { margin-left: auto; }
.send, .confirm, .try {
  background: var(--accent); border-color: var(--accent); color: var(--on-accent); font-weight: 600;
}
input, textarea {
  display: block; width: 100%; margin-top: .2rem; padding: .45rem .6rem;
  border: 1px solid var(--quiet); border-radius: .4rem; background: var(--page);
  color: var(--text); font: inherit; font-size: 1rem; font-weight: 400;
}
textarea { font: .85rem/1.5 var(--mono); resize: vertical; }
::placeholder { color: var(--quiet); opacity: 1; }

.try-it form {
  margin: 1rem 0; padding: .25rem 1rem 1rem; border: 2px solid var(--accent); border-radius: .5rem;
}
.try-it label { display: block; margin: .6rem 0; font-size: .88rem; font-weight: 600; }
.try-it h4 { margin-top: .75rem; }
.buttons { display: flex; flex-wrap: wrap; gap: .5rem; margin: .75rem 0 0; }
.state { font-weight: 700; }
.state[data-ok="true"] { color: var(--get); }
.state[data-ok="false"] { color: var(--delete); }
.headers { margin: .5rem 0; font: .8rem/1.6 var(--mono); overflow-wrap: anywhere; }
.headers div { display: flex; flex-wrap: wrap; gap: 0 .75rem; }
.headers dt { color: var(--quiet); }
.headers dd { margin: 0; }
.answer pre { max-height: 24rem; overflow-y: auto; background: var(--panel); border-radius: .4rem; }
dialog {
  max-width: min(32rem, calc(100vw - 2rem)); padding: 1.25rem; border: 1px solid var(--line);
  border-radius: .6rem; background: var(--page); color: var(--text); overflow-wrap: anywhere;
}
dialog::backdrop { background: rgb(0 0 0 / .5); }

table { width: 100%; border-collapse: collapse; font-size: .92rem; }
th, td {
  padding: .5rem .75rem .5rem 0; text-align: left; vertical-align: top;
  border-top: 1px solid var(--line); overflow-wrap: anywhere;
}
thead th { border-top: 0; color: var(--quiet); font-weight: 600; font-size: .85rem; }
tbody th code { font-weight: 600; }
main section section h3 { margin-top: 1.5rem; }
@media (max-width: 47.99rem) {
  table.codes thead { position: absolute; left: -100vw; }
  table.codes, table.codes tbody, table.codes tr { display: block; }
  table.codes tr { padding: .6rem 0; border-top: 1px solid var(--line); }
  table.codes th, table.codes td { display: block; padding: .1rem 0; border: 0; }
  table.codes th, table.codes td:nth-child(2) { display: inline; padding-right: .5rem; }
  table.codes td:nth-child(2) { color: var(--quiet); }
}
@media (min-width: 48rem) {
  .codes th:first-child { width: 26%; }
  .codes th:nth-child(2) { width: 4rem; }
}

.home { max-width: 46rem; margin: 0 auto; padding: clamp(1.5rem, 8vh, 5rem) 1rem 3rem; }
.home h2 { margin: 2rem 0 .5rem; font-size: 1rem; color: var(--quiet); }
.version {
  padding: .1rem .5rem; border: 1px solid var(--line); border-radius: .4rem;
  color: var(--quiet); font-size: 1rem; font-weight: 400; vertical-align: middle;
}
.claim { font-size: 1.15rem; }
.links { margin: 0; padding: 0; list-style: none; border: 1px solid var(--line); border-radius: .5rem; }
.links li {
  position: relative; display: grid; grid-template-columns: 1fr; gap: 0 1rem; padding: .7rem 1rem;
}
.links li + li { border-top: 1px solid var(--line); }
.links a { font-weight: 600; }
.links a::after { content: ""; position: absolute; inset: 0; }
.links li:hover { background: var(--panel); }
.links code { color: var(--quiet); }

@media (min-width: 40rem) {
  .links li { grid-template-columns: 11rem minmax(0, 1fr); }
  .links span { grid-column: 2; }
}
@media (min-width: 64rem) {
  .page { display: grid; grid-template-columns: 16rem minmax(0, 1fr); gap: 3rem; }
  .side {
    position: sticky; top: 0; display: flex; flex-direction: column; height: 100vh;
  }
  html { scroll-padding-top: 1rem; }
  .filter { display: block; border: 0; }
  .filter kbd { display: inline-block; }
  .filter input { margin-top: .3rem; }
  .contents { overflow-y: auto; padding-right: .5rem; }
  .contents > ul { display: block; }
  .contents > ul > li { margin-bottom: .75rem; }
  .contents > ul > li > a { padding: .1rem .5rem; border: 0; font-weight: 600; color: var(--text); }
  .contents li ul { display: block; }
  .operations { display: none; }
  .contents li li a {
    display: block; padding: .15rem .5rem; border-left: 2px solid var(--line); color: var(--quiet);
  }
  .contents a[aria-current] { border-color: var(--accent); color: var(--link); }
  main > section:first-child { padding-top: .6rem; border-top: 0; }
}
@media (min-width: 75rem) {
  .operation { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 0 2.5rem; }
  .operation > h3, .operation > .address { grid-column: 1 / -1; }
  .operation .examples figure:first-child { margin-top: .5rem; }
}
@media print {
  .side, .skip, button { display: none; }
  .operation, .schema { break-inside: avoid; }
}
`
