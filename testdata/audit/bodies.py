#!/usr/bin/env python3
"""Judges bodies of comments (a file of `cargo run --example bodies`) by GitHub's own parser of Markdown.

Each is within GitHub's limit; holds no HTML, link, picture or mention but ours; all of its fences are closed; and where it
suggests an edit there is one block of it, which applied as GitHub applies it (the lines replaced by the text of the block)
gives exactly the file that was proved. Needs `cmarkgfm`. `--html FILE` writes a page of some of them to look at."""
import html.parser
import json
import re
import sys

import cmarkgfm
from cmarkgfm.cmark import Options

LIMIT = 65_536
EXTENSIONS = ["table", "autolink", "strikethrough", "tagfilter", "tasklist"]
OURS = {"details", "summary"}
PLAIN = {"p", "strong", "code", "pre", "ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td", "h3", "em", "br", "a"}


class Page(html.parser.HTMLParser):
    """What a reader gets: elements, texts outside of code, and the blocks of suggestions."""

    def __init__(self):
        super().__init__()
        self.open, self.wrong, self.suggestions, self.inside = [], [], [], None

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag not in PLAIN | OURS:
            self.wrong.append(f"an element <{tag}>")
        if tag == "a" and not (attributes.get("href") or "").startswith("https://ours.test/"):
            self.wrong.append(f"a link to {attributes.get('href')}")
        if tag == "pre" and attributes.get("lang") == "suggestion":
            self.inside = ""
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"</{tag}> closes nothing")
        if tag == "pre" and self.inside is not None:
            self.suggestions.append(self.inside)
            self.inside = None

    def handle_comment(self, text):
        if not text.startswith(" plimsoll/1 "):
            self.wrong.append(f"a hidden comment {text[:40]!r}")

    def handle_data(self, text):
        if self.inside is not None:
            self.inside += text
        elif "code" not in self.open:
            if re.search(r"```|~~~|@[A-Za-z0-9]", text):
                self.wrong.append(f"a fence or a mention in the text: {text[:80]!r}")


def judge(line):
    body = line["body"]
    if len(body) > LIMIT:
        yield f"{len(body)} characters"
    rendered = cmarkgfm.markdown_to_html_with_extensions(
        body, options=Options.CMARK_OPT_GITHUB_PRE_LANG | Options.CMARK_OPT_UNSAFE, extensions=EXTENSIONS
    )
    page = Page()
    page.feed(rendered)
    page.close()
    yield from page.wrong
    if page.open:
        yield f"not closed: {page.open}"
    if "proved" not in line:
        if page.suggestions:
            yield "a suggestion that nothing proved"
        return
    if len(page.suggestions) != 1:
        yield f"{len(page.suggestions)} suggestions"
        return
    lines = [text + "\n" for text in line["before"].split("\n")]
    lines[-1] = lines[-1][:-1]
    applied = "".join(lines[: line["first"] - 1]) + page.suggestions[0] + "".join(lines[line["last"] :])
    if applied != line["proved"]:
        yield "the suggestion gives another file than was proved"
    if applied == line["before"]:
        yield "the suggestion changes nothing"


def main(arguments):
    picture = arguments[arguments.index("--html") + 1] if "--html" in arguments else None
    bodies = suggestions = wrong = longest = 0
    shown = []
    for text in open(arguments[0], encoding="utf-8"):
        line = json.loads(text)
        bodies += 1
        suggestions += "proved" in line
        longest = max(longest, len(line["body"]))
        for why in judge(line):
            wrong += 1
            print(f"{line['chart']} {line.get('path', '')}: {why}")
        if len(shown) < 12 and (bodies % 10 == 1 or "proved" in line):
            shown.append(line)
    print(f"{bodies} bodies, {suggestions} suggestions applied, longest {longest} characters, {wrong} wrong")
    if picture:
        with open(picture, "w", encoding="utf-8") as page:
            page.write("<meta charset=utf-8><style>body{font:14px sans-serif;max-width:860px}pre,code{background:#eee}</style>")
            for line in shown:
                page.write(f"<hr><small>{line.get('path', 'the summary')}:{line.get('last', '')}</small>")
                page.write(cmarkgfm.github_flavored_markdown_to_html(line["body"]))
    return 1 if wrong or not bodies else 0


sys.exit(main(sys.argv[1:]))
