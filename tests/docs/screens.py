# SPDX-License-Identifier: BSD-2-Clause OR MIT
"""The pages of the reference on screens: a phone, a desk, in the dark, on paper, and without scripts."""

import os
import struct
import tempfile
import zlib

from pages import DOCS, Failure

PHONE, DESK = 360, 1280

# The labels of drawings that are not inside their cells, by more than a pixel.
LABELS_OUTSIDE = '''
[...document.querySelectorAll('svg.map')].flatMap(svg => {
    const cells = [...svg.querySelectorAll(':scope > path')], labels = [...svg.querySelectorAll(':scope > text')];
    return labels.filter((label, i) => {
        const inner = label.getBoundingClientRect(), outer = cells[i].getBoundingClientRect();
        return inner.left < outer.left - 1 || inner.right > outer.right + 1 ||
            inner.top < outer.top - 1 || inner.bottom > outer.bottom + 1;
    }).map(label => label.textContent);
})
'''

# Texts that stand out too little from what is behind them. Dashes for nothing may.
FAINT_TEXTS = '''
(() => {
    const light = color => {
        const [r, g, b] = color.match(/[\\d.]+/g).slice(0, 3).map(v => v / 255)
            .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = element => {
        for (; element; element = element.parentElement) {
            const color = getComputedStyle(element).backgroundColor;
            if (!/^rgba.*, 0\\)$/.test(color))
                return color;
        }
        return 'rgb(255, 255, 255)';
    };
    const faint = element => {
        const style = getComputedStyle(element);
        const a = light(style.color), b = light(behind(element));
        return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) < 4.5;
    };
    return [...document.querySelectorAll('body *:not(.no)')]
        .filter(element => !element.closest('svg') && [...element.childNodes].some(node => node.nodeType === 3 &&
            node.data.trim()) && faint(element))
        .map(element => element.className + ': ' + element.textContent.slice(0, 40));
})()
'''


def biggest(pages, prefix):
    """The page of a kind with most rows that is not too long for drawings."""
    return max((page for page in pages.values() if page.name.startswith(prefix)),
               key=lambda page: (page.drawings, page.rows)).name


def chosen(pages):
    """Pages of all kinds, and the largest ones."""
    lists = [name for name in pages if '-' not in name]
    return lists + ['type-register_name.html', 'type-vp_assist_page.html', 'msr-sint.html', biggest(pages, 'call-'),
                    biggest(pages, 'type-'), biggest(pages, 'cpuid-'), biggest(pages, 'msr-')]


def show(browser, name):
    browser.complaints.clear()
    browser.open(os.path.join(DOCS, name))


def require_quiet(browser, name):
    if browser.complaints:
        raise Failure(f'{name}: {browser.complaints[0]}')


def require_width(browser, name, width):
    shown = browser.value('document.scrollingElement.scrollWidth')
    if shown > width:
        raise Failure(f'{name} is {shown} pixels wide on a screen of {width}')


def on_a_phone(browser, pages):
    """Every page: no complaint, and nothing to scroll sideways."""
    browser.look(PHONE)
    for name in pages:
        show(browser, name)
        require_quiet(browser, name)
        require_width(browser, name, PHONE)


def at_a_desk(browser, pages):
    browser.look(DESK)
    for name in chosen(pages):
        show(browser, name)
        require_quiet(browser, name)
        require_width(browser, name, DESK)


def labels_fit(browser, pages):
    for width in (PHONE, DESK):
        browser.look(width)
        for name in chosen(pages):
            show(browser, name)
            outside = browser.value(LABELS_OUTSIDE)
            if outside:
                raise Failure(f'{name}: outside their cells: {outside[:5]}')


def readable(browser, pages):
    for dark in (False, True):
        browser.look(DESK, dark=dark)
        for name in chosen(pages):
            show(browser, name)
            faint = browser.value(FAINT_TEXTS)
            if faint:
                raise Failure(f'{name}, {"dark" if dark else "light"}: too faint: {faint[:5]}')


def lightness(path):
    """The mean of all bytes of a PNG of 8 bits a channel, 0 to 255, and how many values there are."""
    with open(path, 'rb') as file:
        data = file.read()
    at, packed = 8, b''
    while at < len(data):
        length, kind = struct.unpack('>I4s', data[at:at + 8])
        content = data[at + 8:at + 8 + length]
        if kind == b'IHDR':
            width, height, depth, colours = struct.unpack('>IIBB', content[:10])
        elif kind == b'IDAT':
            packed += content
        at += length + 12
    step = {2: 3, 6: 4}[colours]
    if depth != 8:
        raise Failure(f'a picture of {depth} bits a channel')
    raw = zlib.decompress(packed)
    rows, above = [], bytes(width * step)
    for y in range(height):
        line = raw[y * (width * step + 1):(y + 1) * (width * step + 1)]
        above = unfilter(line[0], line[1:], above, step)
        rows.append(above)
    seen = [row[x] for row in rows for x in range(0, len(row), step)]
    return sum(seen) / len(seen), len(set(seen))


def unfilter(kind, line, above, step):
    """One row of a PNG as its bytes."""
    out = bytearray(line)
    for i, value in enumerate(out):
        left = out[i - step] if i >= step else 0
        corner = above[i - step] if i >= step else 0
        near = left + above[i] - corner
        paeth = min((left, above[i], corner), key=lambda candidate: abs(near - candidate))
        out[i] = (value + (0, left, above[i], (left + above[i]) // 2, paeth)[kind]) & 255
    return bytes(out)


def dark_and_light(browser, pages):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'picture.png')
        means = []
        for dark in (False, True):
            browser.look(PHONE, dark=dark)
            show(browser, biggest(pages, 'cpuid-'))
            browser.picture(path)
            mean, shades = lightness(path)
            means.append(mean)
            if shades < 10:
                raise Failure(f'a picture of {shades} shades')
    if not (means[0] > 200 and means[1] < 60):
        raise Failure(f'light is {means[0]:.0f} of 255, dark {means[1]:.0f}')


def on_paper(browser, pages):
    browser.look(DESK, paper=True)
    show(browser, biggest(pages, 'call-'))
    if browser.value('getComputedStyle(document.querySelector("header")).display') != 'none':
        raise Failure('the links of the head are printed')
    require_width(browser, 'on paper', DESK)


def without_scripts(browser, pages):
    """No search, and nothing else is missing."""
    try:
        browser.look(PHONE, scripts=False)
        for name in ('index.html', biggest(pages, 'call-')):
            show(browser, name)
            require_quiet(browser, name)
            if browser.value('document.querySelectorAll(".search").length') != 0:
                raise Failure('a search that cannot work')
            if browser.value('document.querySelector("main").innerText.length') < 500:
                raise Failure(f'{name} is empty')
    finally:
        browser.look(PHONE)


FOUND = '[...document.querySelectorAll("#found li a")].map(a => a.firstChild.data)'


def look_for(browser, text):
    """What the search finds; the data may have to be loaded first."""
    browser.value('document.querySelector(".search input").value = ""')
    browser.value('document.querySelector(".search input").focus()')
    browser.type(text)
    if not browser.wait('document.querySelectorAll("#found li").length > 0'):
        raise Failure(f'{text}: no answer')
    return browser.value(FOUND)


SEARCHES = (
    ('HvCallGetVpRegisters', 'HvCallGetVpRegisters'),
    ('get_vp_registers', 'HvCallGetVpRegisters'),
    ('vp regis get', 'HvCallGetVpRegisters'),
    ('0x4e', 'HvCallCreateVp'),
    ('0x004E', 'HvCallCreateVp'),
    ('0x40000091', 'HV_X64_MSR_SINT1'),
    ('HV_STATUS_ACCESS_DENIED', 'HV_STATUS_ACCESS_DENIED'),
    ('HvX64RegisterRip', 'HvX64RegisterRip'),
    ('HVR-C-05', 'HVR-C-05'),
    ('HV_VP_ASSIST_PAGE', 'vp_assist_page'),
)


def search(browser, _):
    for width in (DESK, PHONE):
        browser.look(width)
        show(browser, 'index.html')
        for text, wanted in SEARCHES:
            found = look_for(browser, text)
            if not found or found[0] != wanted:
                raise Failure(f'{text}: {found[:3]} in place of {wanted}')
        if look_for(browser, 'no such thing') != []:
            raise Failure('something of no name')
        look_for(browser, 'hv')
        require_width(browser, 'the search', width)
        require_quiet(browser, 'the search')


def search_by_keys(browser, _):
    browser.look(DESK)
    show(browser, 'index.html')
    browser.key('/', 191, '/')
    if browser.value('document.activeElement.type') != 'search':
        raise Failure('a slash does not lead to the search')
    browser.type('vpregisters')
    browser.wait('document.querySelectorAll("#found li").length > 1')
    second = browser.value('document.querySelectorAll("#found li a")[1].href')
    browser.key('ArrowDown', 40)
    browser.key('Enter', 13, '\r')
    if not browser.wait(f'location.href === "{second}"'):
        raise Failure(f'{browser.value("location.href")} in place of {second}')
    require_quiet(browser, second)


TESTS = (on_a_phone, at_a_desk, labels_fit, readable, dark_and_light, on_paper, without_scripts, search, search_by_keys)
