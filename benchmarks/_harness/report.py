"""Tables, ratios and targets, for the terminal and as JSON."""

import json
from pathlib import Path
from statistics import fmean, median, stdev

from .machine import Bystanders, describe_machine

# Where results go, in the working directory.
FOLDER = Path("build", "benchmarks")
_UNITS = {"s": 1, "ms": 1e3}
_SCORE_MARGIN = 0.3  # points of accuracy
_QUIET = 0.05  # share of the machine that others may take


class Table:
    """A line per contender: what its turns took and how right they were."""

    def __init__(self, title, unit="s"):
        self.title = title
        self.unit = unit
        self.lines = {}

    def add(self, key, label, turns, *, threads=None, per=1, columns=None):
        """Add a contender with its turns; times are divided by `per`.

        The turns' other metrics are printed as medians, or `columns` in their place.
        """
        metrics = {}
        for turn in turns:
            for name, value in turn.metrics.items():
                metrics.setdefault(name, []).append(value)
        self.lines[key] = {
            "contender": label,
            "median_seconds": median(turn.seconds / per for turn in turns),
            "seconds": [turn.seconds / per for turn in turns],
            "accuracy": [turn.accuracy for turn in turns if turn.accuracy is not None],
            "metrics": metrics,
            "columns": columns or {k: median(each) for k, each in metrics.items()},
            "ratios": {},
            "targets": [],
            "threads": threads,
        }

    def median(self, key):
        line = self.lines.get(key)
        return None if line is None else line["median_seconds"]

    def ratio(self, key, to):
        """Divide the median times of two contenders; None if one is not here."""
        if key in self.lines and to in self.lines:
            return self.median(key) / self.median(to)
        return None

    def relate(self, heading, to):
        """Add a column of ratios to one contender, if it is here."""
        for key, line in self.lines.items():
            if (ratio := self.ratio(key, to)) is not None:
                line["ratios"][heading] = ratio

    def accuracy(self, key):
        """Mean accuracy of a contender in percent; None if it is not here."""
        values = self.lines[key]["accuracy"] if key in self.lines else []
        return 100 * fmean(values) if values else None

    def column(self, key, name):
        return self.lines[key]["columns"][name] if key in self.lines else None

    def target(self, key, what, value, *, at_most=None, at_least=None):
        """Put a target and what became of it on a contender's line."""
        if key not in self.lines:
            return
        limit = at_most if at_most is not None else at_least
        met = None
        if value is not None:
            met = bool(value <= limit if at_most is not None else value >= limit)
        self.lines[key]["targets"].append(
            {
                "what": what,
                "bound": "≤" if at_most is not None else "≥",
                "limit": limit,
                "value": value,
                "met": met,
            }
        )

    def score_target(self, key, peer):
        """Demand that nothing got fast by getting worse than a peer."""
        ours, theirs = self.accuracy(key), self.accuracy(peer)
        value = None if ours is None or theirs is None else ours - theirs
        self.target(
            key, f"points of accuracy above {peer}", value, at_least=-_SCORE_MARGIN
        )

    def as_text(self):
        headings, rows = self._cells()
        widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
        rule = ["-" * width for width in widths]
        lines = [
            "| " + " | ".join(map(str.ljust, cells, widths)) + " |"
            for cells in (headings, rule, *rows)
        ]
        return "\n".join([f"### {self.title}", "", *lines])

    def _cells(self):
        lines = self.lines.values()
        ratios = list(dict.fromkeys(name for line in lines for name in line["ratios"]))
        columns = list(
            dict.fromkeys(name for line in lines for name in line["columns"])
        )
        headings = ["contender", f"median {self.unit}", "min–max", *ratios]
        headings += ["accuracy %", *columns, "target"]
        return headings, [self._row(line, ratios, columns) for line in lines]

    def _row(self, line, ratios, columns):
        times = [seconds * _UNITS[self.unit] for seconds in line["seconds"]]
        return [
            line["contender"],
            _number(line["median_seconds"] * _UNITS[self.unit]),
            f"{_number(min(times))}–{_number(max(times))}",
            *(_number(line["ratios"].get(name)) for name in ratios),
            _accuracy(line["accuracy"]),
            *(_number(line["columns"].get(name)) for name in columns),
            "; ".join(map(_target, line["targets"])),
        ]


class Report:
    """All that one benchmark has to say."""

    def __init__(self, benchmark, options):
        self.benchmark = benchmark
        self.options = options
        self.tables = []
        self.figures = []
        self.notes = []
        self.failures = []
        self._bystanders = Bystanders()
        if options["quick"]:
            self.note("--quick shows that the benchmark works, and measures nothing")

    def table(self, title, unit="s"):
        self.tables.append(Table(title, unit))
        return self.tables[-1]

    def figure(self, figure):
        """Add a picture; it is written beside the JSON, with the same name."""
        self.figures.append(figure)

    def words(self, rows):
        """Add a table of text, in Markdown; the first row has the headings."""
        headings, *others = rows
        rows = [headings, ["---"] * len(headings), *others]
        self.note("\n\n" + "\n".join(f"| {' | '.join(row)} |" for row in rows))

    def note(self, text):
        self.notes.append(text)

    def fail(self, text):
        """Say what must not be; the command then fails, but for a quick look."""
        if self.options["quick"]:
            self.note(f"not judged: {text}")
        else:
            self.failures.append(text)

    def close(self):
        """Look back, when everything has run."""
        self.others_share = self._bystanders.share()
        if self.tables and self.others_share and self.others_share > _QUIET:
            self.note(
                f"other processes took {self.others_share:.0%} of the machine, and "
                "products on all cores suffer most: run it again when it is quiet"
            )

    def as_text(self):
        parts = [table.as_text() for table in self.tables]
        parts += [f"Note: {text}" for text in self.notes]
        parts += [f"FAILED: {text}" for text in self.failures]
        return "\n\n".join(parts)

    def write(self, path):
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        content = {
            "benchmark": self.benchmark,
            "options": self.options,
            "machine": describe_machine(),
            "others_share": self.others_share,
            "tables": [
                {
                    "title": table.title,
                    "lines": [{"key": k, **v} for k, v in table.lines.items()],
                }
                for table in self.tables
            ],
            "notes": self.notes,
            "failures": self.failures,
        }
        for i, figure in enumerate(self.figures):
            name = f"{path.stem}-{i + 1}" if i else path.stem
            figure.savefig(path.with_name(f"{name}.png"), dpi=150)
        path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def _number(value):
    if value is None:
        return "–"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:,.0f}"


def _accuracy(values):
    """Write the mean in percent, with its standard error over the seeds."""
    if not values:
        return "–"
    error = 100 * stdev(values) / len(values) ** 0.5 if len(values) > 1 else 0
    return f"{100 * fmean(values):.2f}" + (f" ± {error:.2f}" if error else "")


def _target(target):
    verdict = {None: "not measured", True: "met", False: "NOT MET"}[target["met"]]
    value = "" if target["value"] is None else f" {target['value']:.3g}"
    bound = f"{target['bound']} {target['limit']:g}"
    return f"{target['what']}{value} ({bound}): {verdict}"
