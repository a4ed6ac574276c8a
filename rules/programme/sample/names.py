"""Invented names. The county does not exist: its codes begin with 9999, which GB/T 2260 does not assign, its mobile
numbers with 160, which no operator has, and its addresses end in .example (RFC 2606).
"""

from random import Random

COUNTY_CODE = "999901"
COUNTY = ("安禾县", "Anhe County")
EMAIL_DOMAIN = "anhe.example"
MOBILE_PREFIX = "160"

TOWNS = (
    ("云溪镇", "Yunxi Town"), ("柳河镇", "Liuhe Town"), ("石坪镇", "Shiping Town"),
    ("青枫镇", "Qingfeng Town"), ("双桥镇", "Shuangqiao Town"), ("麦岭镇", "Mailing Town"),
    ("竹园镇", "Zhuyuan Town"), ("白鹭镇", "Bailu Town"), ("红砂镇", "Hongsha Town"),
    ("松林镇", "Songlin Town"), ("茶山镇", "Chashan Town"), ("梨花镇", "Lihua Town"),
)  # fmt: skip
_FRONT = "东西南北上下前后新老大小"
_BACK = ("湾", "坝", "沟", "坪", "岭", "寨", "庄", "堰", "台", "桥", "井", "塘")
SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎"
    "余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
    ""
)
_BOYS = "浩宇轩辰博文俊杰志强子豪天佑嘉明思远泽凯一鸣建国小军海涛鹏飞家乐"
_GIRLS = "雨欣梦琪佳怡子涵思彤雅婷静怡晓燕芳丽诗涵小兰秀英春梅玉洁欣悦雪莹"
_ADULTS = "国平建军志明秀兰桂英玉珍德福永贵春花正华文斌红梅海燕立新长青素芬"


def person(draw: Random, kind: str = "adult", surname: str = "") -> str:
    """A full name; `kind`: boy, girl or adult."""
    pool = {"boy": _BOYS, "girl": _GIRLS, "adult": _ADULTS}[kind]
    given = draw.choice(pool)
    if draw.random() < 0.82:
        given += draw.choice(pool)
    return (surname or draw.choice(SURNAMES)) + given


def village_names(draw: Random, count: int) -> list[str]:
    """`count` different names of villages."""
    every = [f"{front}{back}村" for front in _FRONT for back in _BACK]
    return draw.sample(every, count)


def mobile(draw: Random) -> str:
    """A mobile number that nobody has."""
    return f"{MOBILE_PREFIX}{draw.randrange(10**8):08d}"


def id_number(birth: str, draw: Random) -> str:
    """An ID number with a right check digit and an area that does not exist. `birth`: yyyymmdd."""
    body = f"{COUNTY_CODE}{birth}{draw.randrange(1, 1000):03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(weight * int(digit) for weight, digit in zip(weights, body, strict=True))
    return body + "10X98765432"[total % 11]
