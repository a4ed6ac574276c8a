"""The Markdown of labels and hints, as forms use it: emphasis, links, headings, lists, line breaks, coloured spans.

The text is escaped before anything else, so the only tags that come out are the ones written here.
"""

import html
import re

_SPAN = re.compile(r"&lt;span(?:\s+style=(['\"])([^'\"<>]*)\1)?\s*&gt;(.*?)&lt;/span\s*&gt;", re.S)
_RAISED = re.compile(r"&lt;(sup|sub)\s*&gt;(.*?)&lt;/\1\s*&gt;", re.S)
_STYLE = re.compile(
    r"^\s*(color|font-size|font-weight|font-style|background-color|text-align)\s*:\s*([#\w.%\- ]+)\s*$"
)
_ESCAPED = re.compile(r"\\([\\*_#])")
_BOLD = re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1")
_STAR = re.compile(r"(?<![*\\])\*(?=[^\s*])([^*\n]+?)\*(?!\*)")
_LINE = re.compile(r"(?<![\w_])_(?=[^\s_])([^_\n]+?)_(?![\w_])")
_LINK = re.compile(r"\[([^\]\n]*)\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^\s*(#{1,6})\s*([^#\n].*?)\s*#*$")
_BULLET = re.compile(r"^\s*[*+-]\s+(.*)$")
_NUMBER = re.compile(r"^\s*(\d+)\.\s+(.*)$")
_SAFE = ("http://", "https://", "mailto:", "tel:")


def markdown(text: str) -> str:
    """HTML of `text`; plain text comes back escaped and otherwise unchanged."""
    kept: list[str] = []

    def keep(found: re.Match[str]) -> str:
        kept.append(found[1])
        return f"\ue010{len(kept) - 1}\ue011"

    safe = _ESCAPED.sub(keep, html.escape(text.strip("\n"), quote=False))
    safe = _blocks(_inline(safe))
    return re.sub("\ue010(\\d+)\ue011", lambda found: kept[int(found[1])], safe)


def _inline(text: str) -> str:
    text = _SPAN.sub(lambda found: f"<span{_style(found[2] or '')}>{found[3]}</span>", text)
    text = _RAISED.sub(r"<\1>\2</\1>", text)
    text = _LINK.sub(_anchor, text)
    text = _BOLD.sub(r"<strong>\2</strong>", text)
    text = _STAR.sub(r"<em>\1</em>", text)
    return _LINE.sub(r"<em>\1</em>", text)


def _style(text: str) -> str:
    parts = [found for part in text.split(";") if (found := _STYLE.match(part))]
    said = "; ".join(f"{found[1]}: {found[2].strip()}" for found in parts)
    return f' style="{said}"' if said else ""


def _anchor(found: re.Match[str]) -> str:
    address = html.escape(html.unescape(found[2]), quote=True)
    if not address.lower().startswith(_SAFE):
        return found[0]
    # emphasis signs in an address are no emphasis
    address = address.replace("_", "%5F").replace("*", "%2A")
    return f'<a href="{address}" rel="noopener noreferrer" target="_blank">{found[1]}</a>'


def _blocks(text: str) -> str:
    """Lines to headings, lists and line breaks."""
    parts: list[str] = []
    listed = ""
    for line in text.split("\n"):
        bullet, number, heading = _BULLET.match(line), _NUMBER.match(line), _HEADING.match(line)
        kind = "ul" if bullet else "ol" if number else ""
        if listed and kind != listed:
            parts.append(f"</{listed}>")
        if kind and kind != listed:
            start = f' start="{number[1]}"' if number and number[1] != "1" else ""
            parts.append(f"<{kind}{start}>")
        if bullet or number:
            parts.append(f"<li>{bullet[1] if bullet else number[2]}</li>")  # type: ignore[index]
        elif heading:
            level = len(heading[1])
            parts.append(f"<h{level}>{heading[2]}</h{level}>")
        else:
            parts.append(line if not parts or _is_block(parts[-1]) else f"<br>{line}")
        listed = kind
    return "".join(parts) + (f"</{listed}>" if listed else "")


def _is_block(part: str) -> bool:
    return bool(re.search(r"</(?:ul|ol|h[1-6])>$", part))
