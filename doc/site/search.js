// SPDX-License-Identifier: BSD-2-Clause OR MIT
// The search of the linked reference. Without scripts there is none, and every page is still a few links away.
'use strict';

const MOST = 40;
let entries = null;       // what can be found, once search-data.js is there
let waiting = null;       // what to do then

const field = document.createElement('input');
const list = document.createElement('ol');

/** Letters and digits alone, so that HvCallGetVpRegisters and get_vp_registers are one. */
function plain(text) {
	return text.toLowerCase().replace(/[^a-z0-9]/g, '');
}

/** Called by search-data.js with one line for each entry. */
// eslint-disable-next-line no-unused-vars
function searchIn(text) {
	entries = text.split('\n').filter(Boolean).map((line) => {
		const [kind, name, number, href, other] = line.split('\t');
		return {kind, name, number, href, keys: [plain(name), plain(other), plain(number)]};
	});
	if (waiting)
		waiting();
}

/** Load the data, once; then act. */
function withEntries(act) {
	if (entries)
		return act();
	if (!waiting) {
		const script = document.createElement('script');
		script.src = 'search-data.js';
		document.head.append(script);
	}
	waiting = act;
}

/** How badly an entry fits the words: 0 for the very thing, undefined when a word is not in it. */
function distance(entry, words) {
	let sum = 0;
	for (const word of words) {
		const best = entry.keys.map((key) => {
			const at = key.indexOf(word);
			if (at < 0)
				return Infinity;
			const isEnd = at + word.length === key.length;
			return (at === 0 ? 0 : isEnd ? 20 : 40) + Math.min(key.length - word.length, 39);
		});
		const number = word.replace(/^0x0*/, '0x');
		const isNumber = entry.number && plain(entry.number).replace(/^0x0*/, '0x') === number;
		sum += isNumber ? 0 : Math.min(...best);
	}
	return sum;
}

function find(text) {
	const words = text.split(/\s+/).map(plain).filter(Boolean);
	if (!words.length)
		return [];
	return entries.map((entry) => ({entry, far: distance(entry, words)}))
		.filter((found) => found.far < Infinity)
		.sort((a, b) => a.far - b.far)
		.slice(0, MOST)
		.map((found) => found.entry);
}

function select(item) {
	for (const other of list.children)
		other.setAttribute('aria-selected', String(other === item));
	if (item) {
		field.setAttribute('aria-activedescendant', item.id);
		item.scrollIntoView({block: 'nearest'});
	} else {
		field.removeAttribute('aria-activedescendant');
	}
}

function selected() {
	return list.querySelector('[aria-selected="true"]');
}

function hide() {
	list.hidden = true;
	field.setAttribute('aria-expanded', 'false');
}

function itemOf(entry, index) {
	const item = document.createElement('li');
	const link = document.createElement('a');
	const kind = document.createElement('small');

	item.id = 'found-' + index;
	item.setAttribute('role', 'option');
	link.href = entry.href;
	link.tabIndex = -1;
	link.textContent = entry.name;
	kind.textContent = entry.kind + (entry.number ? ' ' + entry.number : '');
	link.append(kind);
	item.append(link);
	return item;
}

function show() {
	const found = find(field.value);

	list.replaceChildren(...found.map(itemOf));
	if (!found.length) {
		const none = document.createElement('li');
		none.className = 'none';
		none.textContent = 'Nothing of that name or number.';
		list.append(none);
	}
	list.hidden = !field.value.trim();
	field.setAttribute('aria-expanded', String(!list.hidden));
	select(found.length ? list.firstElementChild : null);
}

function onKey(event) {
	const item = selected();

	if (event.key === 'ArrowDown' && item && item.nextElementSibling)
		select(item.nextElementSibling);
	else if (event.key === 'ArrowUp' && item && item.previousElementSibling)
		select(item.previousElementSibling);
	else if (event.key === 'Enter' && item && !list.hidden)
		item.firstElementChild.click();
	else if (event.key === 'Escape')
		hide();
	else
		return;
	event.preventDefault();
}

function build() {
	const box = document.createElement('div');

	box.className = 'search';
	box.setAttribute('role', 'search');
	field.type = 'search';
	field.placeholder = 'Search';
	field.autocomplete = 'off';
	field.spellcheck = false;
	field.setAttribute('aria-label', 'Search names and numbers');
	field.setAttribute('role', 'combobox');
	field.setAttribute('aria-expanded', 'false');
	field.setAttribute('aria-controls', 'found');
	field.setAttribute('aria-autocomplete', 'list');
	list.id = 'found';
	list.setAttribute('role', 'listbox');
	list.setAttribute('aria-label', 'Found');
	list.hidden = true;
	box.append(field, list);
	document.querySelector('header').append(box);

	field.addEventListener('focus', () => withEntries(show));
	field.addEventListener('input', () => withEntries(show));
	field.addEventListener('keydown', onKey);
	box.addEventListener('focusout', (event) => box.contains(event.relatedTarget) || hide());
	list.addEventListener('mousedown', (event) => event.preventDefault());
	list.addEventListener('click', hide);
	document.addEventListener('keydown', (event) => {
		if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || event.target === field)
			return;
		event.preventDefault();
		field.focus();
	});
}

build();
