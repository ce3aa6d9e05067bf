"""What is looked at in the page itself, as JavaScript run by the tests: each answers with what is wrong."""

from __future__ import annotations

# Shared by all: a name for an element, and whether it shows.
_COMMON = """
const name = e => e.tagName.toLowerCase() + (e.id ? '#' + e.id : '') +
    (e.getAttribute('class') ? '.' + e.getAttribute('class').trim().split(/\\s+/).join('.') : '') +
    ' « ' + (e.textContent || '').trim().replace(/\\s+/g, ' ').slice(0, 40) + ' »';
const hidden = e => !e.checkVisibility({visibilityProperty: true}) || !!e.closest('.vh, .skip');
"""

SIDEWAYS = f"""() => {{ {_COMMON}
    const root = document.documentElement, room = root.clientWidth;
    if (root.scrollWidth <= room) return [];
    const wide = [...document.body.querySelectorAll('*')].filter(e => !hidden(e) && !e.closest('svg')
        && e.getBoundingClientRect().right > room + 1);
    return wide.length ? wide.slice(-4).map(name) : [`la page : ${{root.scrollWidth}} px pour ${{room}}`];
}}"""

# A box that hides its overflow and holds more than it shows. The ribbon's ticks are said in the sentence below it.
CUT = f"""() => {{ {_COMMON}
    return [...document.body.querySelectorAll('*')].filter(e => !hidden(e) && !e.closest('svg, .ribbon')
        && ['hidden', 'clip'].includes(getComputedStyle(e).overflowX) && !['INPUT', 'SELECT'].includes(e.tagName)
        && (e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 2)).map(name);
}}"""

# An outline or a thick stroke, on what has the focus or on what holds it (cards), somewhere in the window.
FOCUS = f"""() => {{ {_COMMON}
    const at = document.activeElement;
    if (!at || at === document.body || at === document.documentElement) return '';
    const around = [at, ...at.querySelectorAll('path, circle, .edge'), at.closest('.card')].filter(Boolean);
    const drawn = around.some(e => {{
        const s = getComputedStyle(e);
        return (s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2)
            || (e instanceof SVGGraphicsElement && parseFloat(s.strokeWidth) >= 3);
    }});
    const box = at.getBoundingClientRect();
    const within = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth
        && box.width > 0 && box.height > 0;
    return drawn && within ? '' : name(at) + (drawn ? ' (hors de vue)' : '');
}}"""

# Every <use>: its file answers, holds the symbol, and something is drawn where it shows.
UNDRAWN = f"""async () => {{ {_COMMON}
    const wrong = [], files = {{}};
    const uses = [...document.querySelectorAll('svg use')];
    for (const use of uses) {{
        const [file, id] = use.getAttribute('href').split('#');
        if (file && !files[file]) {{
            const answer = await fetch(file);
            files[file] = new DOMParser().parseFromString(answer.ok ? await answer.text() : '<svg/>', 'image/svg+xml');
        }}
        const symbol = (file ? files[file] : document).getElementById(id);
        const empty = !symbol || (symbol.localName === 'symbol' && !symbol.children.length);
        if (empty) {{ wrong.push(use.getAttribute('href') + ' n’existe pas'); continue; }}
        const svg = use.closest('svg');
        if (hidden(svg)) continue;
        const box = svg.getBoundingClientRect(), inside = use.getBBox();
        const drawn = box.width && box.height && inside.width && inside.height;
        if (!drawn) wrong.push(use.getAttribute('href') + ' est vide');
    }}
    for (const picture of document.images) {{
        picture.scrollIntoView();  // what is lazy comes when it is looked at
        await picture.decode().catch(() => null);
        if (!picture.complete || !picture.naturalWidth) wrong.push(picture.src);
    }}
    scrollTo(0, 0);
    if (!uses.length && !document.querySelector('.site-head svg')) wrong.push('aucun dessin');
    return [...new Set(wrong)];
}}"""

# Controls: buttons, fields, menu, what opens. Links inside a sentence follow the line, as WCAG allows.
SMALL = f"""least => {{ {_COMMON}
    const controls = '.btn, .form-control, .form-select, summary, .nav a, .facet li label, .pager a, .chip, .seg a';
    const both = [...document.querySelectorAll(controls)].filter(e => !hidden(e));
    const links = [...document.querySelectorAll('main li > a, footer a, .brand')].filter(e => !hidden(e));
    const small = (e, n) => {{ const b = e.getBoundingClientRect(); return b.height < n - .5 || b.width < 24; }};
    return [...both.filter(e => small(e, least)), ...links.filter(e => small(e, 24) && !e.closest('svg')
        && e.textContent.trim() === e.parentElement.textContent.trim())].map(
        e => name(e) + ' ' + Math.round(e.getBoundingClientRect().height) + ' px');
}}"""
