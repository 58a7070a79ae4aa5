# SPDX-License-Identifier: BSD-2-Clause OR MIT
"""The pages of the reference as text: whether they are well formed, lead somewhere, and are all there."""

import json
import os
import re
import subprocess
from html.parser import HTMLParser

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DOCS = os.path.join(TOP, 'build', 'docs')
VOID = {'meta', 'link', 'br', 'wbr', 'input'}
LOADS = {'src', 'poster', 'data', 'srcset'}


class Failure(Exception):
    """A test failed; the text says why."""


class Page(HTMLParser):
    """One page: its links, its ids, and what is wrong with it."""

    def __init__(self, name):
        super().__init__()
        self.name = name
        self.open = []
        self.ids = set()
        self.links = []
        self.loads = []
        self.wrong = []
        self.text = []
        self.drawings = 0
        self.rows = 0
        self.tables = set()
        with open(os.path.join(DOCS, name), encoding='ascii') as file:
            self.feed(file.read())
        self.close()
        if self.open:
            self.blame(f'not closed: {self.open}')

    def blame(self, what):
        self.wrong.append(f'{self.name}:{self.getpos()[0]}: {what}')

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        if len(set(names)) != len(names):
            self.blame(f'an attribute twice in <{tag}>')
        for name, value in attrs:
            if name == 'id':
                if value in self.ids:
                    self.blame(f'id {value} twice')
                self.ids.add(value)
            elif name == 'href' and tag == 'a':
                self.links.append(value)
            elif name in LOADS or (name == 'href' and tag == 'link'):
                self.loads.append(value)
            elif name == 'style' or name.startswith('on'):
                self.blame(f'{name} in <{tag}>')
        self.drawings += tag == 'svg'
        self.rows += tag == 'tr'
        if tag == 'table':
            self.tables.add(dict(attrs)['class'])
        if tag == 'a' and 'a' in self.open:
            self.blame('a link in a link')
        if tag in ('p', 'h1', 'h2', 'h3') and 'p' in self.open:
            self.blame(f'<{tag}> in <p>')
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.blame(f'</{tag}> closes another tag')

    def handle_data(self, data):
        self.text.append(data)
        if re.search(r'&(?!\w+;|#)', data) or '\0' in data:
            self.blame(f'odd text {data[:40]!r}')


def load():
    return {name: Page(name) for name in sorted(os.listdir(DOCS)) if name.endswith('.html')}


def require_none(wrong):
    if wrong:
        raise Failure('\n'.join(wrong[:20]))


def well_formed(pages):
    require_none([wrong for page in pages.values() for wrong in page.wrong])


def loads_nothing_foreign(pages):
    require_none([f'{page.name} loads {load}' for page in pages.values() for load in page.loads
                  if load != 'data:,' and not os.path.isfile(os.path.join(DOCS, load))])


def follow(pages, here, link):
    """Why the link leads nowhere, or None."""
    path, _, anchor = link.partition('#')
    target = pages.get(path or here)
    if not target:
        return f'{here}: no page {link}'
    if anchor and anchor not in target.ids:
        return f'{here}: no place {link}'
    return None


def links_lead_somewhere(pages):
    dead = (follow(pages, page.name, link) for page in pages.values() for link in page.links)
    require_none([why for why in dead if why])


def all_can_be_reached(pages):
    """From the front page, by links alone."""
    reached, fresh = set(), ['index.html']
    while fresh:
        name = fresh.pop()
        if name not in reached:
            reached.add(name)
            fresh += [link.partition('#')[0] for link in pages[name].links if link.partition('#')[0]]
    require_none([f'nothing leads to {name}' for name in sorted(set(pages) - reached)])


def model():
    done = subprocess.run([os.path.join(TOP, 'build', 'hvgen'), 'json', 'spec/hypercalls.def'], cwd=TOP, check=True,
                          capture_output=True, timeout=60)
    return json.loads(done.stdout)


def value_anchor(value):
    return value['id'] + ('-arm64' if value.get('arch') == 'arm64' else '')


def places(spec):
    """Where every item of the specification must have its place."""
    families = re.compile(r'^(.*?)\d+$')
    for call in spec['hypercalls']:
        yield f'call-{call["id"]}.html'
    for leaf in spec['leaves']:
        yield f'cpuid-{leaf["id"]}.html'
    for bit in spec['cpuid']:
        leaf = next(leaf for leaf in spec['leaves']
                    if (leaf['value'], leaf.get('arch')) == (bit['leaf'], bit.get('arch')))
        yield f'cpuid-{leaf["id"]}.html#{bit["register"].lower()}-{bit["value"]}'
    for msr in spec['msrs']:
        name = f'msr-{msr["id"]}.html'
        yield name if os.path.exists(os.path.join(DOCS, name)) else f'msr-{families.match(msr["id"])[1]}.html'
    for kind in spec['types']:
        yield f'type-{kind["id"]}.html'
        for value in kind.get('values', ()):
            yield f'type-{kind["id"]}.html#{value_anchor(value)}'
    for register in spec['registers']:
        yield f'type-register_name.html#{value_anchor(register)}'
    for status in spec['statuses']:
        yield f'statuses.html#{status["id"]}'
    for rule in spec['rules']:
        yield f'rules.html#{rule["id"]}'
    for bit in spec['privileges'] + spec['features']:
        yield f'offers.html#{bit["id"]}'


LISTS = (('calls.html', ('call-',)), ('msrs.html', ('msr-',)), ('cpuid.html', ('cpuid-',)), ('types.html', ('type-',)),
         ('conformance.html', ('call-', 'msr-')))


def lists_are_whole(pages):
    """Each list leads to every page of its kind."""
    require_none([f'{name} does not lead to {page}' for name, kinds in LISTS for page in pages if page.startswith(kinds)
                  and page not in {link.partition('#')[0] for link in pages[name].links}])


def everything_has_its_place(pages):
    wanted = list(places(model()))
    if len(wanted) < 2000:
        raise Failure(f'only {len(wanted)} items')
    require_none([why for why in (follow(pages, 'the specification', place) for place in wanted) if why])


def every_rule_has_its_place(pages):
    ids = set().union(*(page.ids for page in pages.values()))
    spec = model()
    rules = {check['id'] for item in spec['hypercalls'] + spec['msrs'] for check in item.get('checks', ())}
    if not rules:
        raise Failure('no rules')
    require_none([f'no place for {rule}' for rule in sorted(rules - ids)])


def links_lead_back(pages):
    """The types, privileges and statuses of a call name the call."""
    missing = []
    for page in pages.values():
        if not page.name.startswith('call-'):
            continue
        for link in page.links:
            target, _, anchor = link.partition('#')
            tables = anchor and target in ('statuses.html', 'offers.html')
            if (tables or target.startswith('type-')) and page.name not in pages[target].links:
                missing.append(f'{target} does not name {page.name}')
    require_none(missing)


def layouts_are_drawn(pages):
    """Whatever has a layout has a drawing, unless it has more fields than a drawing has room for."""
    laid_out = [page for page in pages.values() if page.tables & {'fields', 'bits'}]
    if len(laid_out) < 300:
        raise Failure(f'only {len(laid_out)} pages with a layout')
    require_none([f'{page.name} has no drawing' for page in laid_out if not page.drawings and page.rows < 60])


def search_finds_everything(pages):
    """The data of the search leads to places that are there, and has every item."""
    with open(os.path.join(DOCS, 'search-data.js'), encoding='ascii') as file:
        text = file.read()
    found = re.fullmatch(r'searchIn\(`([^`\\$]*)`\);\n', text)
    if not found:
        raise Failure('search-data.js is not one call with one string')
    rows = [line.split('\t') for line in found[1].splitlines()]
    require_none([f'odd line {row}' for row in rows if len(row) != 5])
    require_none([why for why in (follow(pages, 'search-data.js', row[3]) for row in rows) if why])
    hrefs = {row[3] for row in rows}
    require_none([f'{place} cannot be found' for place in places(model()) if place not in hrefs])


TESTS = (well_formed, loads_nothing_foreign, links_lead_somewhere, all_can_be_reached, lists_are_whole,
         everything_has_its_place, every_rule_has_its_place, links_lead_back, layouts_are_drawn,
         search_finds_everything)
