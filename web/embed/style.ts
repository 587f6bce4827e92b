/*
 * The style of everything in the Shadow DOM. A constructed style sheet: a page's content security policy cannot forbid it.
 *
 * `!important` in `:host` wins over every rule of the page, also over its `* { ... !important }`. All else is inside, where
 * no rule of the page reaches.
 */
export const STYLE = `
:host {
  all: initial !important;
  position: fixed !important;
  inset: 0 !important;
  z-index: 2147483647 !important;
  display: block !important;
  pointer-events: none !important;
  contain: layout style !important;
  overflow: clip !important;
}
.root {
  position: absolute; inset: 0;
  color-scheme: light dark;
  --ink: light-dark(#14201f, #e6efee);
  --ground: light-dark(#fbfdfc, #1a262b);
  --line: light-dark(#14201f2e, #e6efee38);
  --accent: light-dark(#076d69, #5cf3bd);
  font: 15px/1.35 ui-rounded, system-ui, 'Segoe UI', 'Noto Sans Arabic', sans-serif;
  color: var(--ink);
}
.root:not([data-theme]) { visibility: hidden; }
.root[data-theme='light'] { color-scheme: light; }
.root[data-theme='dark'] { color-scheme: dark; }
@media print { :host { display: none !important; } }
* { box-sizing: border-box; }
[hidden] { display: none !important; }
.catcher { position: absolute; inset: 0; display: none; cursor: text; pointer-events: auto; }
.root[data-talking] .catcher { display: block; }
.items { position: absolute; inset: 0; direction: ltr; isolation: isolate; }
.item {
  position: absolute; top: 0; left: 0; visibility: hidden;
  max-width: min(320px, calc(100% - 16px)); width: max-content;
}
.item[data-kind='message'], .item[data-kind='draft'], .caret {
  margin-top: -1em; padding: 2px 8px 3px; border-radius: 10px;
  background: var(--ground); box-shadow: 0 0 0 1px var(--line), 0 2px 10px #0002;
  overflow-wrap: anywhere; white-space: pre-wrap;
}
.item[data-kind='message'] .text { font-weight: 560; }
.name { font-size: 11px; margin-inline-end: 6px; }
.item[data-mine] .name { display: none; }
.item[data-kind='message'], .item[data-kind='draft'] { z-index: 1; }
.item a { color: inherit; text-decoration: underline; pointer-events: auto; }
.item[data-kind='pointer'] { display: flex; align-items: center; gap: 4px; margin: -5px 0 0 -5px; }
.item[data-kind='pointer'] .name {
  background: var(--ground); padding: 0 6px; border-radius: 7px; white-space: nowrap;
  box-shadow: 0 0 0 1px var(--line); font-weight: 560;
  max-width: 140px; overflow: hidden; text-overflow: ellipsis;
}
.dot { forced-color-adjust: none; flex: none; width: 10px; height: 10px; border-radius: 50%; background: currentColor; box-shadow: 0 0 0 2px var(--ground); }
.tool {
  all: unset; pointer-events: auto; cursor: pointer; display: none; margin-inline-start: 6px;
  font-size: 12px; color: var(--ink); text-decoration: underline;
}
.root[data-talking][data-owner] .tool { display: inline; }
.caret {
  position: absolute; top: 0; left: 0; pointer-events: auto; width: max-content; max-width: calc(100% - 8px);
  z-index: 2; box-shadow: 0 0 0 2px var(--accent), 0 2px 10px #0004;
}
.caret input {
  all: unset; font: inherit; font-weight: 560; color: var(--ink); caret-color: var(--accent);
  min-width: 90px; max-width: min(320px, 80vw); field-sizing: content; cursor: text;
}
.caret input::placeholder { color: var(--ink); opacity: .7; font-weight: 400; }
.bar {
  z-index: 3; position: absolute; bottom: max(12px, env(safe-area-inset-bottom)); inset-inline-end: 14px;
  display: flex; flex-direction: column; align-items: flex-end; gap: 6px;
  max-width: calc(100% - 28px);
}
.bar[data-side='start'] { inset-inline: 14px auto; align-items: flex-start; }
.status {
  margin: 0; padding: 3px 10px; border-radius: 10px; font-size: 13px;
  background: var(--ground); box-shadow: 0 0 0 1px var(--line);
}
.status:empty { display: none; }
.row { display: flex; gap: 6px; }
.row button {
  all: unset; pointer-events: auto; cursor: pointer; min-height: 32px; padding: 0 12px;
  border-radius: 16px; font-size: 14px; background: var(--ground); color: var(--ink);
  box-shadow: 0 0 0 1px var(--line), 0 2px 10px #0002; display: flex; align-items: center; gap: 7px;
}
.row button::before { content: ''; width: 8px; height: 8px; border-radius: 50%; background: var(--accent); opacity: .35; }
.row button.clear::before { display: none; }
.row button.clear { display: none; }
.root[data-talking][data-owner] .row button.clear { display: flex; }
.root[data-live] .row button::before { opacity: 1; }
.root[data-talking] .row button.talk { background: var(--accent); color: light-dark(#fff, #06201a); }
/* Black or white, whatever the accent of the site. */
@supports (color: oklch(from red l c h)) {
  .root[data-talking] .row button.talk { color: oklch(from var(--accent) clamp(0, (.68 - l) * 1000, 1) 0 0); }
}
.root[data-talking] .row button.talk::before { background: currentColor; }
.row button:focus-visible, .tool:focus-visible, .item a:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
@media (pointer: coarse) { .row button { min-height: 40px; } }
@media (forced-colors: active) { .row button, .caret, .item, .status { outline: 1px solid CanvasText; } }
`
