/** Style sheet of `/docs`. Contrast is at least 4.5 to 1 in both colour schemes (WCAG 2.2, 1.4.3). */
export const STYLE = `
:root {
  color-scheme: light dark;
  --text: #1b1f24; --quiet: #57606a; --page: #ffffff; --panel: #f5f7f9; --line: #d5dae0;
  --link: #0a58b8; --get: #0a5c36; --post: #0b4f9e; --patch: #7a4b00; --delete: #a3172b;
}
@media (prefers-color-scheme: dark) {
  :root {
    --text: #e4e8ed; --quiet: #a3adb8; --page: #14171b; --panel: #1d2228; --line: #363d46;
    --link: #7ab4ff; --get: #6fd39c; --post: #7ab4ff; --patch: #f0b95c; --delete: #ff8f9c;
  }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body {
  margin: 0; background: var(--page); color: var(--text);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
}
a { color: var(--link); }
a:focus-visible, pre:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.skip { position: absolute; left: -100vw; padding: .5rem 1rem; background: var(--page); }
.skip:focus { left: 0; top: 0; z-index: 1; }
.page { max-width: 78rem; margin: 0 auto; padding: 1rem; }
h1, h2, h3 { line-height: 1.25; overflow-wrap: anywhere; }
h1 { margin: .5rem 0 1rem; font-size: 2rem; }
h2 { margin: 3.5rem 0 .5rem; padding-bottom: .25rem; border-bottom: 2px solid var(--line); }
h3 { margin: 0; font-size: 1.1rem; }
p { margin: .5rem 0; max-width: 46rem; }
code, pre { font: .9em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
code { overflow-wrap: anywhere; }
pre {
  margin: .5rem 0; padding: .75rem 1rem; overflow-x: auto;
  background: var(--panel); border: 1px solid var(--line); border-radius: .4rem;
}
nav ul { margin: 0 0 .75rem; padding: 0; list-style: none; font-size: .92rem; }
nav li { margin: .15rem 0; }
nav li ul { margin: .15rem 0 .5rem .9rem; }
nav a { text-decoration: none; }
nav a:hover { text-decoration: underline; }
.card {
  margin: 1rem 0; padding: 1rem; background: var(--page);
  border: 1px solid var(--line); border-radius: .5rem;
}
.card:target, tr:target { border-color: var(--link); background: var(--panel); }
.quiet { color: var(--quiet); }
.method { font-weight: 700; text-transform: uppercase; }
.get { color: var(--get); } .post { color: var(--post); }
.patch { color: var(--patch); } .delete { color: var(--delete); }
table { width: 100%; border-collapse: collapse; font-size: .92rem; }
caption {
  padding: 1rem 0 .25rem; text-align: left; font-weight: 700; font-size: .95rem;
}
th, td {
  padding: .4rem .6rem .4rem 0; text-align: left; vertical-align: top;
  border-top: 1px solid var(--line); overflow-wrap: anywhere;
}
thead th { border-top: 0; color: var(--quiet); font-weight: 600; font-size: .85rem; }
tbody th { font-weight: 400; }
.rule { display: block; color: var(--quiet); font-size: .88em; }
.needed { color: var(--delete); }
table.members { table-layout: fixed; }
table.members th:first-child { width: 28%; }
table.members th:nth-child(2) { width: 32%; }
table.answers th:first-child { width: 4rem; }
@media (max-width: 40rem) {
  .card { padding: .75rem; }
  table { font-size: .86rem; }
  table.codes thead { position: absolute; left: -100vw; }
  table.codes tr { display: block; padding: .5rem 0; border-top: 1px solid var(--line); }
  table.codes th, table.codes td { display: block; padding: .1rem 0; border: 0; }
}
@media (min-width: 64rem) {
  .page { display: grid; grid-template-columns: 16rem minmax(0, 1fr); gap: 2.5rem; }
  nav { position: sticky; top: 0; max-height: 100vh; padding: 1rem 0; overflow-y: auto; }
}
@media print { nav, .skip { display: none; } .card { break-inside: avoid; } }
`
