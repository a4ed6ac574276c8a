"""XForms for the browser: the steps around Enketo's two style sheets; and nothing that runs comes through."""

import pytest
from lxml import etree
from lxml import html as lxml_html

from forms.web.markdown import markdown
from forms.web.transform import FILES, OuterList, WebForm, transform
from tests.forms.form_lab import form
from tests.forms.instrument_lab import FORMS, xform

RICH = """
| survey |
| | type | name | label::中文 (zh) | label::English (en) | hint::中文 (zh) | appearance | required | constraint | trigger | calculation | media::image::中文 (zh) | media::image::English (en) | |
| | select_one yn | home | **在家**吗？ | *At home*? | 看一看 | horizontal | yes | | | | face.png | face.png |
| | select_one_from_file child.csv | child | 儿童 | Child | | minimal | | | | | |
| | select_one yn2 | dyn | 动态 | Dynamic | | | | | | | |
| | integer | meals | 每天 ${home} 餐 | Meals of ${home} | | | | . <= 9 | | | |
| | dateTime | seen | 时间 | Time | | | | | ${meals} | now() | |
| | calculate | stamp | | | | | | | ${meals} | ${meals} * 2 | |
| | image | face | 照片 | Photo | | signature | | | | | |
| choices |
| | list_name | name | label::中文 (zh) | label::English (en) | group |
| | yn | yes | 是 | Yes | |
| | yn | no | 否 | No | |
| | yn2 | a | 甲 | A | x |
| settings |
| | form_title | form_id | version |
| | 家访 | rich | 7 |
"""  # noqa: E501


@pytest.fixture(scope="module")
def rich() -> WebForm:
    return transform(form(RICH).xml)


def page(web: WebForm) -> etree._Element:
    return lxml_html.fragment_fromstring(web.form)


def test_languages_get_the_tags_of_browsers_and_their_own_names(rich: WebForm) -> None:
    assert rich.languages == ("zh", "en")
    options = page(rich).xpath('//select[@id="form-languages"]/option')
    assert [(one.get("value"), one.text, one.get("data-dir")) for one in options] == [
        ("zh", "中文", "ltr"),
        ("en", "English", "ltr"),
    ]
    assert {one.get("lang") for one in page(rich).xpath("//span[@lang]")} == {"zh", "en", ""}


def test_labels_are_rendered_and_places_of_answers_stay(rich: WebForm) -> None:
    labels = page(rich).xpath('//span[contains(@class, "question-label") and @lang="en"]')
    texts = {one.text_content().strip(): one for one in labels}
    assert texts["At home?"].xpath("./em/text()") == ["At home"]
    meals = next(one for text, one in texts.items() if text.startswith("Meals of"))
    assert meals.xpath('./span[@class="or-output"]/@data-value')[0].strip() == "/data/home"


def test_appearances_and_constraints_reach_the_question(rich: WebForm) -> None:
    root = page(rich)
    assert root.xpath(
        '//fieldset[contains(@class, "or-appearance-horizontal") and contains(@class, "or-appearance-columns")]'
    )
    assert root.xpath('//*[@name="/data/meals"]/@data-constraint') == [". <= 9"]
    assert root.xpath(
        '//label[contains(@class, "or-appearance-signature")]//input[@name="/data/face"]'
    )
    assert not root.xpath("//*[@data-appearances]")


def test_lists_from_files_are_named_and_their_items_refer_to_columns(rich: WebForm) -> None:
    assert rich.lists == (OuterList("child", "child.csv"),)
    labels = page(rich).xpath('//span[@class="itemset-labels" and @data-value-ref="name"]')
    assert [one.get("data-label-ref") for one in labels] == ["itextId", "label", "itextId"]


def test_an_action_stands_in_the_question_that_triggers_it(rich: WebForm) -> None:
    root = page(rich)
    trigger = root.xpath('//label[.//input[@name="/data/meals"]]')[0]
    actions = {one.get("name"): one for one in trigger.xpath(".//input[@data-setvalue]")}
    assert actions["/data/seen"].get("data-setvalue").strip() == "now()"
    assert actions["/data/stamp"].get("data-event") == "xforms-value-changed"


def test_an_action_at_the_forms_beginning_sits_on_its_question() -> None:
    root = page(transform(etree.tostring(xform("home_visit"))))
    seen = root.xpath('//input[@name="/data/g_v/visit_date"]')
    assert [one.get("data-event") for one in seen] == ["odk-instance-first-load"]


def test_pictures_have_addresses_below_the_forms_own(rich: WebForm) -> None:
    assert f'src="{FILES}face.png"' in rich.form
    html, _model = rich.at("/f/x/files/")
    assert 'src="/f/x/files/face.png"' in html
    assert FILES not in html


def test_translated_choices_come_in_each_language(rich: WebForm) -> None:
    labels = page(rich).xpath('//span[@class="itemset-labels"]//span[@data-itext-id="yn-0"]')
    assert {(one.get("lang"), one.text) for one in labels} == {("zh", "是"), ("en", "Yes")}


@pytest.mark.parametrize("name", FORMS)
def test_every_shipped_instrument_becomes_a_page(name: str) -> None:
    web = transform(etree.tostring(xform(name)))
    root = page(web)
    assert web.languages == ("zh", "en")
    assert root.xpath("//input | //select | //textarea")
    model = etree.fromstring(web.model)
    instance = model.xpath("//*[local-name()='instance']")[0]
    assert instance[0].get("version")
    assert not web.is_encrypted


def raw(body: str = "", model: str = "", head: str = "") -> bytes:
    return f"""<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml"
      xmlns:jr="http://openrosa.org/javarosa" xmlns:orx="http://openrosa.org/xforms">
      <h:head><h:title>T</h:title><model>{head}
        <instance><data id="d" version="1"><a/><b/><meta><instanceID/></meta></data></instance>{model}
        <bind nodeset="/data/a" type="string"/><bind nodeset="/data/b" type="binary"/>
      </model></h:head>
      <h:body><input ref="/data/a"><label>A</label></input>{body}</h:body></h:html>""".encode()


def test_the_record_before_is_an_empty_one() -> None:
    web = transform(raw(model='<instance id="last" src="jr://instance/last-saved"/>'))
    model = etree.fromstring(web.model)
    last = model.xpath("//*[local-name()='instance'][@id='last']")[0]
    assert last.get("src") is None
    assert last.xpath("string(.//*[local-name()='a'])") == ""
    assert web.lists == ()


def test_a_form_without_an_instance_id_gets_one() -> None:
    web = transform(raw().replace(b"<meta><instanceID/></meta>", b""))
    assert etree.fromstring(web.model).xpath(
        "//*[local-name()='meta']/*[local-name()='instanceID']"
    )


def test_an_encrypted_form_is_told_from_others() -> None:
    key = '<submission base64RsaPublicKey="MIIB"/>'
    assert transform(raw(head=key)).is_encrypted


def test_nothing_that_runs_or_loads_elsewhere_comes_through() -> None:
    label = "&lt;script&gt;alert(1)&lt;/script&gt; [x](javascript:alert(1)) &lt;img src=x onerror=alert(1)&gt;"
    text = '<itext><translation lang="en"><text id="p"><value form="image">https://evil.example/p.png</value></text></translation></itext>'
    body = f'<input ref="/data/b"><label ref="jr:itext(\'p\')"/><hint>{label}</hint></input>'
    web = transform(raw(body, head=text))
    root = page(web)
    assert not root.xpath("//script | //@onerror")
    assert not [one for one in root.xpath("//a/@href") if str(one).startswith("javascript")]
    assert "evil.example" not in web.form.replace("https://evil.example/p.png</", "")
    assert not root.xpath('//img[contains(@src, "evil")]')
    assert "alert(1)" in "".join(
        str(one) for one in root.itertext()
    )  # shown as the text that it is


def test_a_style_sheet_reads_no_file_for_a_form() -> None:
    xml = raw(
        '<select1 ref="/data/a"><label>L</label><itemset nodeset="instance(\'l\')/root/item'
        '[document(\'file:///etc/passwd\')]"><value ref="name"/><label ref="jr:itext(itextId)"/></itemset></select1>',
        model='<instance id="l"><root><item><itextId>x</itextId><name>n</name></item></root></instance>',
    )
    assert "root:" not in transform(xml).form


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("plain 文字", "plain 文字"),
        ("**a** __b__", "<strong>a</strong> <strong>b</strong>"),
        ("*a* _b_ a_b_c", "<em>a</em> <em>b</em> a_b_c"),
        ("2 * 3 * 4", "2 * 3 * 4"),
        ("a\nb", "a<br>b"),
        ("# 标题\n文", "<h1>标题</h1>文"),
        ("- a\n- b\nc", "<ul><li>a</li><li>b</li></ul>c"),
        ("3. a\n4. b", '<ol start="3"><li>a</li><li>b</li></ol>'),
        ("x < y & z", "x &lt; y &amp; z"),
        (
            '<span style="color: red; position:fixed">a</span>',
            '<span style="color: red">a</span>',
        ),
        (
            "[网](https://a.cn/x_y_z)",
            '<a href="https://a.cn/x%5Fy%5Fz" rel="noopener noreferrer" target="_blank">网</a>',
        ),
        ("[x](javascript:a)", "[x](javascript:a)"),
        (r"\*a\*", "*a*"),
        (
            '[x](https://a"onclick="b)',
            '<a href="https://a&quot;onclick=&quot;b" rel="noopener noreferrer" target="_blank">x</a>',
        ),
    ],
)  # fmt: skip
def test_markdown_of_labels(text: str, html: str) -> None:
    assert markdown(text) == html
