// A state, shown as an icon and a word on a colored background.
import { el, set_icon, set_text } from './dom.js';

export function chip() {
  return el('span', { className: 'chip' }, el('span', { className: 'chip-icon' }), el('span'));
}

export function set_chip(node, level, icon, word) {
  if (node.dataset.level !== level) node.dataset.level = level;
  set_icon(node.firstElementChild, icon);
  set_text(node.lastElementChild, word);
}
