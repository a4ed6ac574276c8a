"""Chinese names as they sound and as they are written, so that a name heard or typed another way is found again.

Two spellings fold what field workers mix: retroflex and plain initials (zh/z), front and back nasals (ing/in), n and
l, which the dialects of the area do not tell apart; a character with several readings gives several spellings.
"""

import os
import re
import unicodedata
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib import import_module
from itertools import product

MOST_READINGS = 3  # of one character: the later ones are rare
MOST_SPELLINGS = 6  # of one name
_LONGEST = 60
_IDEOGRAPH = re.compile(r"[㐀-鿿豈-﫿\U00020000-\U0003ffff]")
_NOISE = re.compile(r"[\s·•・.,，。、'’\-（）()]+")
_INITIALS = (("zh", "z"), ("ch", "c"), ("sh", "s"))

# traditional, variant and look-alike characters of names -> the usual simplified one, in pairs
_PAIRS = (
    "張张陳陈劉刘楊杨趙赵黃黄吳吴孫孙馬马羅罗鄭郑謝谢許许鄧邓馮冯蕭萧肖萧葉叶閻阎閆阎闫阎蘇苏盧卢蔣蒋賈贾譚谭鄒邹陸陆"
    "龍龙萬万錢钱湯汤賀贺賴赖龔龚韓韩傅付鐘钟鍾钟範范嚴严顧顾喬乔塗涂凃涂寧宁甯宁歐欧區区單单齊齐聶聂莊庄關关"
    "麥麦簡简遊游華华國国偉伟麗丽蘭兰軍军紅红鳳凤傑杰強强彊强慶庆榮荣寶宝寳宝靜静瑩莹穎颖頴颖夢梦韻韵潔洁濤涛"
    "鵬鹏飛飞勳勋勛勋堯尧銘铭鑫鑫嘉嘉澤泽潤润淵渊澐沄瀟潇瀅滢溫温煒炜燁烨爾尔瑋玮瓊琼環环璽玺碩硕禮礼禎祯"
    "紋纹紹绍綺绮綵彩維维緒绪縈萦義义聖圣聰聪興兴舉举芸芸菀苑蒼苍蓮莲藝艺蘊蕴諾诺謙谦貝贝貴贵賢贤軒轩輝辉"
    "暉晖暐炜曉晓昇升陞升晟晟曦曦東东樂乐業业樹树權权歡欢歲岁沖冲洩泄湧涌雲云電电韋韦頌颂順顺頤颐頻频顏颜馨馨"
    "駿骏驍骁鴻鸿鵑鹃鶴鹤鸞鸾齡龄龐庞喆哲晢哲悊哲堃坤峯峰羣群竝并並并菓果淼渺犇奔槑梅珎珍秊年畧略脩修亷廉"
    "堦阶嶽岳峩峨崑昆崐昆崙仑侖仑衞卫衛卫鉄铁鐵铁鎔熔鋭锐銳锐鋒锋錦锦鎮镇鑑鉴鑒鉴雋隽儁俊濬浚澂澄眞真愼慎邨村"
    "兩两億亿優优儀仪倫伦來来偵侦備备傳传兒儿冬冬凱凯創创勝胜勵励協协啟启啓启喚唤圓圆園园堅坚壽寿夢梦奐奂"
    "學学實实寬宽將将島岛師师廣广廷廷張张彥彦後后從从德德惠惠應应懷怀戰战揚扬擁拥數数時时晉晋會会桂桂條条楓枫"
)
VARIANTS: Mapping[str, str] = {
    _PAIRS[at]: _PAIRS[at + 1] for at in range(0, len(_PAIRS), 2) if _PAIRS[at] != _PAIRS[at + 1]
}
_FOLD = str.maketrans(dict(VARIANTS))


def written(name: str) -> str:
    """`name` in its usual simplified characters, without spaces and dots, letters small; "" for nothing."""
    plain = unicodedata.normalize("NFKC", name[:_LONGEST])
    return _NOISE.sub("", plain).translate(_FOLD).lower()


@lru_cache(maxsize=4096)
def spellings(name: str) -> tuple[str, ...]:
    """How `name` may sound, folded, in order; what is no Chinese character stays as it is written. Never more than
    MOST_SPELLINGS; () for nothing.
    """
    plain = written(name)
    if not plain:
        return ()
    choices, count = [], 1
    for one in plain:
        readings = _readings(one)
        if count * len(readings) > MOST_SPELLINGS:
            readings = readings[:1]
        count *= len(readings)
        choices.append(readings)
    return tuple(sorted({"-".join(row) for row in product(*choices)}))


@lru_cache(maxsize=8192)
def _readings(character: str) -> tuple[str, ...]:
    if not _IDEOGRAPH.match(character):
        return (character,)
    told = _table().get(ord(character), "")
    found = dict.fromkeys(_folded(one) for one in told.split(",") if one)
    return tuple(found)[:MOST_READINGS] or (character,)


def _folded(reading: str) -> str:
    """ "zhāng" -> "zan"."""
    plain = unicodedata.normalize("NFD", reading.replace("ü", "v"))
    syllable = "".join(one for one in plain if "a" <= one <= "z")
    for initial, usual in _INITIALS:
        if syllable.startswith(initial):
            syllable = usual + syllable[len(initial) :]
    if syllable.startswith("l"):
        syllable = "n" + syllable[1:]
    return syllable[:-1] if syllable.endswith("ng") else syllable


@cache
def _table() -> Mapping[int, str]:
    """Readings by code point; loaded at the first name, without the phrases that names do not need (45 MB)."""
    os.environ.setdefault("PYPINYIN_NO_PHRASES", "1")
    table: Mapping[int, str] = import_module("pypinyin.pinyin_dict").pinyin_dict
    return table
