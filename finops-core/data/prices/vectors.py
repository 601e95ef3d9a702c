"""Resolves and prices the test vectors with the committed catalogue, by the rules of the specification."""

import datetime
import gzip
import json
import re
from decimal import Decimal

PROVIDER_ALIASES = {"x-ai": "xai", "amazon-bedrock": "bedrock", "aws": "bedrock", "gemini": "google", "vertex_ai": "vertex"}
SELF_HOSTED = {"vllm", "ollama", "tgi", "llamacpp"}
SNAPSHOT = re.compile(r"^(.*?)(?:-(\d{4})-(\d\d)-(\d\d)|-(\d{4})(\d\d)(\d\d)|@(\d{4})(\d\d)(\d\d))$")


class Unresolved(Exception):
    pass


class Catalogue:
    def __init__(self, path):
        self.rows, self.names, self.lower, self.first, self.schedules, self.calendars = {}, {}, {}, {}, [], {}
        for line in path.read_text(encoding="utf-8").splitlines():
            item = json.loads(line)
            key = (item.get("provider"), item.get("model"))
            if item["kind"] == "offering":
                self.rows.setdefault(key, [])
                self.first[key] = item["first_party"]
                for name, how in [(key[1], "exact")] + [(a, "alias") for a in item["aliases"]]:
                    assert (key[0], name) not in self.names, f"{key[0]}/{name} is listed twice"
                    self.names[key[0], name] = (key, how)
                    self.lower.setdefault((key[0], name.lower()), key)
            elif item["kind"] == "price":
                self.rows.setdefault(key, []).append(item)
            elif item["kind"] == "schedule":
                self.schedules.append(item)
            elif item["kind"] == "calendar":
                self.calendars[item["id"]] = item
        self.providers = {p for p, _ in self.names}

    def listed(self, provider, name):
        if (provider, name) in self.names:
            return self.names[provider, name]
        key = self.lower.get((provider, name.lower()))
        return (key, "case_insensitive") if key else None

    def at(self, provider, name):
        hit = self.listed(provider, name)
        if hit:
            return hit
        head = f"{provider}/"
        for prefix in (head, *(a + "/" for a, p in PROVIDER_ALIASES.items() if p == provider), "models/", "publishers/google/models/"):
            if name.startswith(prefix) and self.listed(provider, name[len(prefix):]):
                return self.listed(provider, name[len(prefix):])[0], "provider_prefix"
        if name.startswith("ft:"):
            parts = name.split(":")
            if len(parts) >= 3 and self.listed(provider, "ft:" + parts[1]):
                return self.listed(provider, "ft:" + parts[1])[0], "fine_tuned"
        found = SNAPSHOT.match(name)
        if found and self.listed(provider, found[1]):
            year, month, day = [int(g) for g in found.groups()[1:] if g]
            try:
                datetime.date(year, month, day)
            except ValueError:
                return None
            if 2022 <= year <= 2099:
                return self.listed(provider, found[1])[0], "date_suffix"
        return None

    def resolve(self, provider, name):
        name = name.strip()
        provider = PROVIDER_ALIASES.get(provider, provider)
        if provider is not None:
            if provider not in self.providers:
                raise Unresolved("price.unknown_provider")
            hit = self.at(provider, name)
            if hit is None:
                raise Unresolved("price.unknown_model")
            return hit
        head, _, rest = name.partition("/")
        head = PROVIDER_ALIASES.get(head, head)
        if rest and head in self.providers and self.listed(head, rest):
            return self.listed(head, rest)[0], "provider_prefix"
        hits = [h for h in (self.at(p, name) for p in sorted(self.providers)) if h]
        exact = [h for h in hits if h[1] != "date_suffix"] or hits
        own = [h for h in exact if self.first[h[0]]]
        if len(own) == 1 or len(exact) == 1:
            return (own or exact)[0]
        if not exact:
            raise Unresolved("price.unknown_model")
        raise Unresolved("price.ambiguous_model")

    def periods(self, key, at):
        """The schedule periods in force for an offering at an instant."""
        moment = datetime.datetime.fromisoformat(at.replace("Z", "+00:00"))
        for item in self.schedules:
            if item["provider"] != key[0] or key[1] not in item["models"] or not (item["from"] <= at and (item["to"] is None or at < item["to"])):
                continue
            local = moment + datetime.timedelta(minutes=item["day_offset_minutes"])
            days = self.calendars[item["holidays"]]["dates"] if item["holidays"] else []
            if local.isoweekday() not in item["weekdays"] or local.date().isoformat() in days:
                continue
            clock = moment.strftime("%H:%M:%S")
            for start, end in item["utc_windows"]:
                inside = start <= clock[:5] < end if start < end else clock[:5] >= start or clock[:5] < end
                if inside:
                    yield item["period"]

    def select(self, key, at, conditions, prompt):
        live = [r for r in self.rows[key] if r["from"] <= at and (r["to"] is None or at < r["to"])]
        wanted = dict(conditions)
        period = next(self.periods(key, at), None)
        if period and any(r["when"].get("period") == period for r in live):
            wanted["period"] = period
        live = [r for r in live if r["when"] == wanted and (r["over"] is None or prompt > r["over"])]
        assert live, f"no row for {key} at {at} {wanted}"
        return max(live, key=lambda r: r["over"] or 0)


INPUT = ("input", "input_audio", "input_image", "input_video", "cache_read", "cache_read_audio", "cache_read_image", "cache_read_video",
         "cache_write_5m", "cache_write_1h")


def price(catalogue, case):
    key, _ = catalogue.resolve(case["provider"], case["model"])
    usage = case["usage"]
    row = catalogue.select(key, case["at"], case["conditions"], sum(usage.get(b, 0) for b in INPUT))
    for bucket, rate in case.get("rates_usd_per_mtok", {}).items():
        assert row["usd_per_mtok"].get(bucket) == rate, f"{bucket}: {row['usd_per_mtok'].get(bucket)} is not {rate}"
    for unit, rate in case.get("usd_per_use", {}).items():
        assert row["usd_per_use"].get(unit) == rate, f"{unit}: {row['usd_per_use'].get(unit)} is not {rate}"
    counted = {b: n for b, n in usage.items() if b not in ("reasoning", "units")}
    units = usage.get("units", {})
    total = sum(Decimal(row["usd_per_mtok"][b]) * n for b, n in counted.items()) / 10**6
    total += sum(Decimal(row["usd_per_use"][u]) * n for u, n in units.items())
    assert total == Decimal(case["expected"]["amount_usd"]), f"{total} is not {case['expected']['amount_usd']}"
    assert row["verified"], "the row is not verified"


def resolve(catalogue, case):
    expected = case["expected"]
    try:
        key, how = catalogue.resolve(case["provider"], case["model"])
    except Unresolved as error:
        assert expected.get("error") == str(error), f"{error}, not {expected}"
        return
    got = {"provider": key[0], "model": key[1], "match": how, "status": "estimated" if how == "date_suffix" else "priced"}
    assert "error" not in expected and all(got[k] == v for k, v in expected.items()), f"{got}, not {expected}"


UNITS = {"web_search", "file_search", "code_execution", "request", "rerank", "audio_second", "character", "page", "image"}
RESPONSE_MODEL = ("model", "modelVersion", "gen_ai.response.model", "gen_ai.request.model")


def extraction(catalogue, case):
    """The rates that an extraction case names, for the model that its body or its caller names."""
    if "rates_usd_per_mtok" not in case:
        return
    body, expected = case["response"], case["expected"]
    inner = body.get("response") if isinstance(body.get("response"), dict) else {}
    meta = body.get("response_metadata", {})
    found = [body.get(k) for k in RESPONSE_MODEL] + [inner.get("model"), meta.get("model_name"), meta.get("model"), case["model"]]
    name = next(n for n in found if n)
    key, _ = catalogue.resolve(case["provider"], name)
    tier = expected.get("service_tier", "standard")
    usage = expected["usage"]
    row = catalogue.select(key, case["at"], {} if tier == "standard" else {"service_tier": tier}, sum(usage.get(b, 0) for b in INPUT))
    total = Decimal(0)
    for bucket, rate in case["rates_usd_per_mtok"].items():
        table, scale = ("usd_per_use", 1) if bucket in UNITS else ("usd_per_mtok", 10**6)
        assert row[table].get(bucket) == rate, f"{key} {bucket}: {row[table].get(bucket)} is not {rate}"
        total += Decimal(rate) * usage.get(bucket, 0) / scale
    assert total == Decimal(expected["amount_usd"]), f"{total} is not {expected['amount_usd']}"


def recorded(catalogue, path):
    """Models of recorded responses that the catalogue does not know."""
    missing = set()
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            item = json.loads(line)
            provider = PROVIDER_ALIASES.get(item["provider"], item["provider"])
            if provider in SELF_HOSTED:
                continue
            for role, name in (("body", item["expected"].get("model")), ("requested", item["requested_model"])):
                try:
                    if name:
                        catalogue.resolve(provider, name)
                except Unresolved as error:
                    missing.add(f"{provider} {role} {name}: {error}")
    return sorted(missing)


def check(catalogue_path, vectors_path, recorded_path=None):
    """Prints what fails; the exit status."""
    catalogue = Catalogue(catalogue_path)
    data = json.loads(vectors_path.read_text(encoding="utf-8"))
    failed = 0
    for section, test in (("price", price), ("resolve", resolve), ("extraction", extraction)):
        for case in data[section]:
            try:
                test(catalogue, case)
            except (AssertionError, Unresolved, KeyError, StopIteration) as error:
                failed += 1
                print(f"{section}/{case['id']}: {type(error).__name__} {error}")
        print(f"{section}: {len(data[section])} cases")
    named = {("openai", m) for m in ("gpt-4o", "gpt-4o-mini", "gpt-4.1-nano", "gpt-4-turbo", "gpt-4")}
    for provider, model in sorted(named):
        key, _ = catalogue.resolve(None, model)
        if key[0] != provider:
            failed += 1
            print(f"{model} resolves to {key}")
    for model in ("test", "unknown-x"):
        try:
            print(f"{model} resolves to {catalogue.resolve(None, model)}")
            failed += 1
        except Unresolved:
            pass
    if recorded_path:
        for line in recorded(catalogue, recorded_path):
            print("not listed: " + line)
    print(f"{failed} failed")
    return 1 if failed else 0
