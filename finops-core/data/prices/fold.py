"""Turns ids that share their prices into aliases, and tells the shortest cacheable prompt."""

import re

from facts import GEO
from merge import CLOUDS, HALF, PROGRAMME, in_force
from readers import bedrock_stem

DATED = re.compile(r"^(.*?)(?:-20\d\d-\d\d-\d\d|-20\d{6}|@20\d{6}|@default|-\d{4}|-0\d{2})$")


def compatible(alias, offering):
    """Whether every price of `alias` is one of `offering`, over all of their history."""
    mine, theirs = alias.base(), offering.base()
    if [r.core() for r in mine] != [r.core() for r in theirs]:
        return False
    for r in alias.rows:
        match = [o for o in offering.rows if (o.when, o.over) == (r.when, r.over) and o.core() == r.core()]
        if not match or not any(all(o.rates.get(k, v) == v for k, v in r.rates.items()) for o in match):
            return False
    return True


def fold(offerings, families, listed):
    """Ids with the prices of another id of the same provider become its aliases."""
    def join(alias, name):
        a, o = offerings.get(alias), offerings.get(name)
        if a is None or o is None or a is o or not compatible(a, o):
            return
        have = {(r.when, r.over) for r in o.rows}
        o.rows += [r for r in a.rows if (r.when, r.over) not in have]
        earliest = min(o.base(), key=lambda r: r.start)
        for r in a.base():
            if r.start < earliest.start and len(o.base()) == 1:
                was, earliest.start, earliest.basis = earliest.start, r.start, r.basis
                for other in o.rows:
                    tier = dict(other.when).get("service_tier")
                    if other.start == was and (tier is None or tier in HALF):
                        other.start = max(r.start, PROGRAMME.get((provider, tier), r.start))
        for r in a.rows:
            for own in o.rows:
                if (own.when, own.over) == (r.when, r.over) and own.core() == r.core():
                    for bucket, rate in r.rates.items():
                        own.rates.setdefault(bucket, rate)
                    if r.verified and not own.verified:
                        own.verified, own.sources = True, r.sources
        o.aliases |= {n for n in {alias[1]} | a.aliases if n.lower() != name[1].lower()}
        o.retired = o.retired and a.retired
        o.cache_min = o.cache_min or a.cache_min
        del offerings[alias]

    for key in sorted(offerings):
        provider, model = key
        if provider == "bedrock" and GEO.match(model):
            join(key, (provider, GEO.sub("", model)))
    for key in sorted(offerings, key=lambda k: (k[0], -len(k[1]), k[1])):
        provider, model = key
        found = DATED.match(model)
        if found and not model.startswith("ft:"):
            join(key, (provider, found[1]))
    for provider, groups in sorted(families.items()):
        for name, names in groups:
            for alias in sorted(names):
                if (provider, alias) not in listed:
                    join((provider, alias), (provider, name))
    seen = {}
    for key in sorted(offerings, key=lambda k: (k[0], k[1] != k[1].lower(), k[1])):
        low = (key[0], key[1].lower())
        if low in seen:
            join(key, seen[low])
        else:
            seen[low] = key


def follow_makers(offerings, report):
    """A cloud's first price reaches no further back than the present price of the maker, whose past prices it shared."""
    makers = {}
    for (provider, model), offering in offerings.items():
        if provider in ("openai", "anthropic", "google"):
            for name in {model} | offering.aliases:
                makers[name] = in_force(offering.base()) if len(offering.base()) > 1 else None
    for key in sorted(offerings):
        offering, rows = offerings[key], offerings[key].base()
        if key[0] not in CLOUDS or len(rows) != 1 or rows[0].basis != "announced":
            continue
        maker = makers.get(key[1]) or makers.get(bedrock_stem(key[1]).split(".", 1)[-1])
        if maker is not None and maker.start > rows[0].start:
            report.add("cloud price dated by its maker's", f"{'/'.join(key)} {rows[0].start} -> {maker.start}")
            old = rows[0].start
            for row in offering.rows:
                if row.start == old and (row.end is None or row.end > maker.start):
                    row.start, row.basis = maker.start, "first_observed"


def cache_minimum(provider, model, stated, has_cache):
    """Shortest cacheable prompt, from the providers' prompt-caching pages."""
    if not has_cache:
        return None
    name = GEO.sub("", model).lower()
    if "claude" in name and provider in ("anthropic", "bedrock", "vertex", "azure"):
        rules = ((r"(opus|fable|mythos)-5(?!-\d(?!\d))", 512), (r"haiku-4-5|opus-4-5|opus-4-6", 4096), (r"3-haiku|3-5-haiku|opus-4-7", 2048),
                 (r"sonnet-(4|5(?!-\d(?!\d)))|opus-4|3-5-sonnet|3-7-sonnet|3-opus", 1024))
        for pattern, tokens in rules:
            if re.search(pattern, name):
                return tokens
        return stated
    if provider in ("openai", "azure") and re.match(r"(ft:)?(gpt|o\d|chatgpt|codex|computer)", name):
        return 1024
    if provider in ("google", "vertex") and "gemini" in name:
        return 2048 if "gemini-2.5" in name else (4096 if re.search(r"gemini-[3-9]", name) else stated)
    return stated
