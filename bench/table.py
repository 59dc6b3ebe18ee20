"""Rows of the table of `./dev bench`, for what is measured from Python. measure.hpp prints the same."""


def row(what, ours, unit, baseline="-", theirs=None, budget="-"):
    their_text = "-" if theirs is None else f"{theirs:.1f}"
    ratio = "-" if theirs is None else f"{ours / theirs:.2f}"
    print(f"| {what:<44} | {ours:10.1f} {unit:<6} | {baseline:<24} | {their_text:>10} | {ratio:>6} | {budget:<15} |", flush=True)


def budget(kept, text):
    return text if kept else f"{text} MISSED"
