"""The page, the CSV and the JSON of a simulated compliance year."""
# ruff: noqa: RUF001 - Chinese sentences have Chinese punctuation

import csv
import io
import json
from collections import Counter
from collections.abc import Sequence

from tanlian.domain.compliance import ComplianceCode
from tanlian.domain.incentives import ONE_COIN, Trigger
from tanlian.domain.year_simulation import SimulatedYear, YearOfOne, YearRules
from tanlian.services.report.figures import half_tick_price, price, thousands
from tanlian.services.report.page import Fact, Key, Picture, Section, Table, render_page
from tanlian.services.report.svg import HEIGHT, Drawing, Scale, nice_marks
from tanlian.services.year_outcome import Comparison, compare
from tanlian.services.year_run import YearOnChain

COLUMNS = (
    "name",
    "allocation_t",
    "verified_t",
    "declared_t",
    "bought_t",
    "sold_t",
    "surrendered_t",
    "held_t",
    "shortfall_t",
    "next_cut_t",
    "fine_minimum_cents",
    "fine_maximum_cents",
    "code",
    "registry_code",
    "coins_millionths",
    "score",
    "grade",
)
CENTS = 100


def year_rows(year: SimulatedYear, rules: YearRules) -> list[tuple[str | int, ...]]:
    """Return one row per emitter, in the order of `COLUMNS`."""
    return [
        (
            m.emitter.name,
            m.emitter.allocation_t,
            m.emitter.verified_t,
            m.declared_t,
            m.bought_t,
            m.sold_t,
            m.surrendered_t,
            m.held_t,
            m.shortfall_t,
            m.next_cut_t,
            *m.fine_cents,
            m.code.value,
            m.emitter.code,
            m.coins,
            m.score,
            rules.rating.grade(m.score),
        )
        for m in year.members
    ]


def year_csv(year: SimulatedYear, rules: YearRules) -> str:
    """Return the emitters' outcomes as CSV."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(year_rows(year, rules))
    return out.getvalue()


def year_json(year: SimulatedYear, rules: YearRules, chain: YearOnChain | None = None) -> str:
    """Return the whole outcome as JSON, with the hashes of the rules it was computed under."""
    agree, of = year.agreement
    document: dict[str, object] = {
        "profile": f"{rules.profile.jurisdiction}-{rules.profile.period}",
        "rules_hash": rules.profile.rules_hash.hex(),
        "incentives_hash": rules.incentives.rules_hash.hex(),
        "rating_hash": rules.rating.rules_hash.hex(),
        "seed": rules.seed,
        "balanced": year.balanced,
        "codes_agree": agree,
        "codes_compared": of,
        "members": [dict(zip(COLUMNS, row, strict=True)) for row in year_rows(year, rules)],
    }
    if chain is not None:
        compared = compare(chain.outcome, year)
        document["chain"] = {
            "block": chain.books.block,
            "verdict": chain.books.verdict,
            "carbon_gap_kg": chain.outcome.gap_kg,
            "figures_compared": compared.compared,
            "differences": compared.differences,
            "gas_per_member": chain.gas_per_member,
            "stages": [
                {"stage": s.name, "transactions": s.transactions, "gas": s.gas}
                for s in chain.stages
            ],
        }
    return json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def year_page(
    title: str, year: SimulatedYear, rules: YearRules, chain: YearOnChain | None = None
) -> str:
    """Return the printable page of figures and plots, with what a chain made of it if one ran."""
    agree, of = year.agreement
    volume = sum(trade.lots for trade in year.trades)
    turnover = sum(trade.lots * trade.half_ticks for trade in year.trades)
    short = [m for m in year.members if m.shortfall_t]
    drawn = (
        "Allocation, verified emissions and compliance codes are published data; prices and "
        f"misreports are drawn from seed {rules.seed}. "
    )
    if chain is None:
        verdict = f"carbon gap {year.gap_t} t, {'balanced' if year.balanced else 'NOT balanced'}"
        balanced, sections = year.balanced, []
        introduction = (
            f"配额、核查排放与履约代码为公开数据；限价与虚报者由种子随机抽取，规则与合约相同，未上链。{drawn}"
            "The rules are those of the contracts; this run is computed without a chain."
        )
    else:
        compared = compare(chain.outcome, year)
        verdict, balanced = verdict_of(year, chain, compared)
        sections = _chain_sections(chain, compared)
        introduction = (
            f"配额、核查排放与履约代码为公开数据；限价与虚报者由种子随机抽取；全年在链上由合约执行，并与算术逐户比较。{drawn}"
            "The whole year ran on a chain with the real contracts, its clock put forward from "
            "deadline to deadline; the arithmetic beside it computes the same figures. Monthly "
            "readings are the published year in twelve parts."
        )
    return render_page(
        title=title,
        introduction=introduction,
        reconciled=verdict,
        balanced=balanced,
        facts=[
            Fact(thousands(len(year.members)), "设施 installations"),
            Fact(f"{thousands(volume)} t", "成交量 traded"),
            Fact(half_tick_price(turnover // volume) if volume else "-", "均价 mean price"),
            Fact(thousands(len(short)), "未足额清缴 short"),
            Fact(f"{thousands(sum(m.shortfall_t for m in short))} t", "缺口 shortfall"),
            Fact(f"{agree} / {of}", "与登记代码一致 codes as in the registry"),
        ],
        parts=[*sections, _coverage(year), _scores(year, rules), *_tables(year, rules)],
    )


def verdict_of(year: SimulatedYear, chain: YearOnChain, compared: Comparison) -> tuple[str, bool]:
    """Say whether the chain's books balance and its figures are those of the arithmetic."""
    balanced = (
        year.balanced
        and chain.books.balanced
        and chain.outcome.gap_kg == 0
        and not compared.differences
    )
    words = (
        f"{chain.books.verdict}; {thousands(compared.compared)} figures compared with the "
        f"arithmetic, {len(compared.differences)} differ"
    )
    return words, balanced


def _chain_sections(chain: YearOnChain, compared: Comparison) -> list[Section]:
    members = len(chain.outcome.members)
    stages = [
        (
            stage.name,
            thousands(stage.transactions),
            thousands(stage.gas),
            thousands(stage.gas // members),
        )
        for stage in chain.stages
    ]
    found = [
        Section(
            "上链执行 The year on the chain",
            f"每户燃料 {thousands(chain.gas_per_member)}，不含部署。"
            f"{thousands(chain.gas_per_member)} gas a member, deployment and opening left out.",
            Table(
                ("阶段 stage", "交易 transactions", "燃料 gas", "每户 a member"),
                stages,
                frozenset({1, 2, 3}),
            ),
        )
    ]
    if compared.differences:
        found.append(
            Section(
                "与算术不符 Where chain and arithmetic differ",
                "首百条。The first hundred.",
                Table(("差异 difference",), [(line,) for line in compared.differences[:100]]),
            )
        )
    return found


def _bars(
    name: str, heading: str, words: str, counts: Sequence[tuple[str, int]], style: str
) -> Picture:
    """One picture of bars with the table behind it."""
    drawing = Drawing(name, heading, words, HEIGHT)
    most = max((count for _, count in counts), default=1)
    across = Scale(0, max(len(counts), 1), *drawing.across)
    upwards = Scale(0, max(most, 1), *drawing.upwards)
    drawing.axes(
        (across, [], ""),
        (upwards, [(mark, thousands(mark)) for mark in nice_marks(0, most)], "设施数 count"),
    )
    floor = drawing.upwards[0]
    for place, (label, count) in enumerate(counts):
        left, right = across.pixel(place) + 4, across.pixel(place + 1) - 4
        drawing.rect(
            (str(left), upwards.at(count)),
            (str(right - left), upwards.span(count)),
            style,
            f"{label}: {count}",
        )
        drawing.text((str((left + right) // 2), str(floor + 19)), label)
    table = Table(
        ("范围 range", "设施数 count"), [(a, thousands(n)) for a, n in counts], frozenset({1})
    )
    return Picture(heading, words, drawing, (Key(style, "设施 installations"),), table)


def _coverage(year: SimulatedYear) -> Picture:
    edges = (0, 25, 50, 75, 100, 125, 150, 200)
    counts: Counter[int] = Counter()
    for member in year.members:
        share = 1_000
        if member.emitter.verified_t:
            share = member.emitter.allocation_t * 100 // member.emitter.verified_t
        counts[max(edge for edge in edges if edge <= share)] += 1
    rows = [
        (f"{edge}-{following}%" if following else f"≥{edge}%", counts[edge])
        for edge, following in zip(edges, (*edges[1:], 0), strict=True)
    ]
    words = "配额占核查排放的比例。Allocation as a share of verified emissions."
    return _bars("coverage", "配额充足度 How far the allocation reaches", words, rows, "bid")


def _scores(year: SimulatedYear, rules: YearRules) -> Picture:
    counts = Counter(member.score // 100 * 100 for member in year.members)
    rows = [(str(score), counts[score]) for score in range(0, rules.rating.highest + 1, 100)]
    words = "年度检查后的信用分。Scores after the yearly check, from a common start."
    return _bars("scores", "信用评判 Credit rating", words, rows, "ask")


def _tables(year: SimulatedYear, rules: YearRules) -> list[Section]:
    agreement = Table(
        ("登记代码 registry", "规则代码 by the rule", "设施数 count"),
        [(a or "-", b, thousands(n)) for (a, b), n in sorted(year.recorded.items())],
        frozenset({2}),
    )
    cases = [
        (
            trigger.name.lower().replace("_", " "),
            thousands(sum(1 for m in year.members if trigger in m.cases)),
            thousands(sum(m.cases.get(trigger, 0) for m in year.members) // ONE_COIN),
        )
        for trigger in Trigger
        if any(trigger in m.cases for m in year.members)
    ]
    codes = Counter(m.code for m in year.members)
    return [
        Section(
            "与真实履约代码比较 Against the registry's codes",
            "按规则评价各设施当年真实清缴量；登记系统按累计量评价，故可有差异。"
            "The rule is applied to "
            "what each installation really surrendered that year; the registry judges cumulative "
            "figures, so the two can differ.",
            agreement,
        ),
        Section(
            "模拟结果 Outcome of the simulated market",
            "清缴、缺口与罚款范围。Surrender, shortfall and the range of fines.",
            Table(
                ("代码 code", "设施数 count"),
                [(code.value, thousands(codes[code])) for code in ComplianceCode if codes[code]],
                frozenset({1}),
            ),
        ),
        Section(
            "奖惩 Rewards and penalties",
            "信用币金额为示范规则。Amounts follow demonstration rules.",
            Table(("触发条件 trigger", "案件 cases", "信用币 coins"), cases, frozenset({1, 2})),
        ),
        Section(
            "缺口最大的设施 The largest shortfalls",
            f"罚款以 {rules.profile.currency} 计。Fines in {rules.profile.currency}.",
            _largest(year.members, rules),
        ),
    ]


def _largest(members: Sequence[YearOfOne], rules: YearRules) -> Table:
    worst = sorted((m for m in members if m.shortfall_t), key=lambda m: -m.shortfall_t)[:20]
    return Table(
        (
            "设施 installation",
            "缺口 t",
            "罚款下限 from",
            "罚款上限 to",
            "信用分 score",
            "等级 grade",
        ),
        [
            (
                m.emitter.name,
                thousands(m.shortfall_t),
                price(m.fine_cents[0]),
                price(m.fine_cents[1]),
                str(m.score),
                rules.rating.grade(m.score),
            )
            for m in worst
        ],
        frozenset({1, 2, 3, 4}),
    )
