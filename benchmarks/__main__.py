"""Run one benchmark, or list them all."""

import argparse
import sys
from importlib import import_module
from pkgutil import walk_packages

import benchmarks

from ._harness.report import FOLDER, Report
from ._harness.worker import progress


def main():
    modules = {
        name.rpartition(".")[2]: import_module(name)
        for _, name, is_package in walk_packages(benchmarks.__path__, "benchmarks.")
        if not is_package and "._" not in name
    }
    modules = dict(sorted(modules.items()))
    parser = _parser(modules)
    arguments = vars(parser.parse_args())
    name = arguments.pop("name")
    if name is None:
        _list(modules)
        return 0
    path = arguments.pop("json") or FOLDER / f"{name}.json"
    for option, (full, quick, _) in modules[name].OPTIONS.items():
        if arguments[option] is None:
            arguments[option] = quick if arguments["quick"] else full
    report = Report(name, dict(arguments))
    del arguments["quick"]
    modules[name].run(report, **arguments)
    progress("")
    report.close()
    report.write(path)
    print(report.as_text())
    print(f"\nWritten to {path}")
    return 1 if report.failures else 0


def _list(modules):
    width = max(map(len, modules))
    for name, module in modules.items():
        print(f"{name:{width}}  {module.__doc__.splitlines()[0]}")
    print("\npython -m benchmarks NAME --help lists the options of one.")


def _parser(modules):
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    commands = parser.add_subparsers(dest="name", metavar="NAME")
    for name, module in modules.items():
        summary = module.__doc__.splitlines()[0]
        command = commands.add_parser(name, help=summary, description=module.__doc__)
        command.add_argument("--json", help="where the results go", metavar="PATH")
        command.add_argument(
            "--quick", action="store_true", help="a check that it works, at tiny size"
        )
        if choices := getattr(module, "CHOICES", None):
            command.add_argument(
                "--only",
                nargs="+",
                choices=choices,
                metavar="CONTENDER",
                help=f"contenders to measure, out of {', '.join(choices)}",
            )
        for option, (full, quick, text) in module.OPTIONS.items():
            several = isinstance(full, tuple)
            command.add_argument(
                f"--{option.replace('_', '-')}",
                type=int,
                nargs="+" if several else None,
                help=f"{text} (default {full}; {quick} with --quick)",
                metavar="N",
            )
    return parser


if __name__ == "__main__":
    sys.exit(main())
