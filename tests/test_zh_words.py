"""The language of the Chinese edition: one term for one thing, each as the field has it."""

import json
import re

import catalogues
import pytest
import words
from contents import ROOT

PAGES = catalogues.translated_pages()
PLANS = ROOT / "book" / "slides"
#: What no text says, and what it says in its place.
FORBIDDEN = {
    r"下层|上层": "前一层, 后一层 (the layers below and above)",
    r"权值(?!共享)|权值共享(?!：)": "权重, 权重共享",
    r"压缩函数": "挤压函数",
    r"训练数字|训练例子": "训练样本",
    r"测试数字|测试例子": "测试样本",
    r"验证数字": "验证样本",
    r"动手算": "手算",
    r"(?<!随机)猜测": "预测",
    r"偏好": "过于乐观 (biased)",
    r"千分之一的波动": "约 0.1 个百分点",
    r"根轴": "轴, or 方向",
    r"e 的(各次)?幂": "取指数, 指数值",
    r"美国邮政局|美国邮局": "美国邮政署",
    r"支票(读取机|阅读器|读取器)": "支票识别机",
    r"^你需要$|^要记住的$": "预备知识, 本章小结",
    r"张图[中上]|号图": "特征图",
    r"「|」|[\u4e00-\u9fff]\"|\"[\u4e00-\u9fff]": "“ ”",
    r"[\u4e00-\u9fff][,;:?!]": "the full-width mark",
    r"反向传递|后向传播": "反向传播",
    r"配方": "训练方案 (recipe)",
    r"起始权重": "初始权重",
    r"拒读": "拒识",
    r"睁着眼睛": "an image that Chinese does not have",
    r"强力版|加强版|更强的 LeNet|强 LeNet": "强化版",
    r"计算是.{0,12}倍": "计算量",
    r"剪切": "错切 (shear; 剪切 also means to cut)",
    r"(?<!改)变形": "形变 (distortion), 改变形状 (reshape)",
    r"(?<![部百])分数(?!据)": "得分 (score; 分数 is also a fraction)",
    r"一小格|一格格": "网格 (grid; 格 is one cell of it)",
    r"[上下]面(的|各)层(?!表)|上方的层": "后面的层, 前面的层 (the layers above and below)",
    r"反向一步|正向": "反向计算, 前向计算",
    r"学出": "学习, 学得, 由学习得到",
    r"叫做": "叫作",
    r"(?<!读)错了?\s?[\d.]+\s%": "错误率是 … %",
    r"^\*\*[^*]+。\*\*": "**…**： before what it introduces",
    r"[\u4e00-\u9fff][A-Za-z0-9]|[A-Za-z0-9][\u4e00-\u9fff]": "a space between the scripts",
    r"有什么可看": "可以看到什么",
    r"跳来跳去": "震荡",
    r"重心": "质心",
    r"废物": "垃圾 (rubbish, as a class)",
    r"不作声": "沉默",
    r"训练误差": "训练错误率",
    r"百分之 ?[\d.]": "a number with %",
    r"代码单元(?!格)": "单元格 (a notebook's cell; 单元 is a network's)",
    r"(?<![增加提扩])[大快长高多]到[^，。；、]{0,8}倍": "增大到 … 倍, 是 … 的 … 倍",
    r"[小少短慢低]了?[约大]*\s?[\d\s]+倍": "… 分之一 (a thing is not times smaller)",
    r"乘加(?!运算|次数)": "乘加运算",
    r"[抛甩][上来]": "猛增, 震荡 (losses and networks that are thrown about)",
    r"狂乱": "大起大落, 大得离谱 (wild)",
    r"(年|Glorot|通常|同样|好)的?起点": "初始化, 初始权重 (where the weights start)",
    r"损失\*? [\d.]+ 个百分点|各损失": "变差, 差 (损失 is the loss)",
    r"两个方向都是对数": "横轴和纵轴都是对数刻度",
    r"值多少": "有多大作用, 带来多少改进 (what it is worth)",
    r"(?<!没)有多大用处": "有多大作用",
    r"学来": "学得, 由学习得到",
    r"滑动平均|滑动的(均值|方差|平均)": "移动平均",
    r"墙上的|(?<!实际)经过的时间": "墙钟时间",
    r"处理器的时间": "处理器时间",
    r"单调上升": "单调递增",
    r"错认": "读错",
    r"相碰": "粘连",
    r"数字格式": "数值格式 (the 数字 are what is read)",
    r"处理器核心": "处理器核",
    r"单位为百分之": "（%）, 以百分数计",
    r"一整包": "一组改动",
    r"诚实": "如实, 可信",
    r"屋顶(?!线|，其他)": "屋顶线",
    r"幅特征图": "张特征图",
    r"张(宽|大|小|灰度|彩色)?图像": "幅图像 (张 is for the maps)",
    r"单凭运气": "单凭偶然",
    r"权重不平均": "无权重平均 (an average left out; 不平均 is uneven)",
    r"背后的长时间运行": "所依据的长时间运行",
}
#: Where the article is quoted its own words stand; the glossary names what else a term is called.
QUOTED = re.compile(r"文中说|也叫")
#: A term, and how it is called wherever a text has it.
PAIRS = {
    r"\bfeature maps?\b": "特征图",
    r"\bweight sharing\b": "权重共享",
    r"\bback-propagation\b": "反向传播",
    r"\breceptive fields?\b": "感受野",
    r"\bkernels?\b": "核",
    r"\blearning rates?\b": "学习率",
    r"\bcross-entropy\b": "交叉熵",
    r"\bchain rule\b": "链式法则",
    r"\boverfitting\b": "过拟合",
    r"\bconfusion matrix\b": "混淆矩阵",
    r"\bstandard deviations?\b": "标准差",
    r"\bsquashing functions?\b": "挤压函数",
    r"\bsubsampling\b": "下采样",
    r"\btest (digits|examples)\b": "测试样本|测试集",
    r"\btraining (digits|examples)\b": "训练样本|训练集",
    r"\b(?:layers?|maps?) below\b": "前一层|前面",
    r"\bguess(?:es|ing)?\b": "猜|预测",
    r"\bby hand\b": "手",
    r"\brecipes?\b": "训练方案",
    r"\bstart weights\b": "初始权重",
    r"\bpatch(es)?\b": "图像块",
    r"\bis the package|\bfrom the package\b": "程序包",
    r"\bstrong (LeNet|recipe|networks)\b": "强化版",
    r"\bshear(s|ed)?\b": "错切",
    r"\bgrids?\b": "网格",
    r"\blayers? above\b": "后面|后一层",
    r"\bbackward (pass|step)s?\b": "反向",
    r"\bforward pass(es)?\b": "前向",
    r"\bnearest neighbours?\b": "近邻",
    r"\bscores?\b": "得分",
    r"\bdistort(?:ed|ions)\b": "形变|弯曲",
    r"\bcentre of mass\b": "质心",
    r"\bdoubtful\b": "存疑|可疑",
    r"\bsilent units?\b": "沉默",
    r"\btraining errors?\b": "训练错误率",
    r"\btest errors?\b": "错误率",
    r"\bmultiply–adds?\b": "乘加运算",
    r"\bmisread\b": "读错|错误率",
    r"\b(?:running|moving) (?:means?|averages?)\b": "移动平均",
    r"\bwarm-up\b": "预热",
    r"\bsaliency\b": "显著度",
    r"\bpruning\b": "剪枝",
    r"\bquantisation\b": "量化",
    r"\bthroughput\b": "吞吐量",
    r"(?<!order of )\bmagnitude\b": "绝对值",
    r"\b(?:digits|lines) refused\b": "拒识",
}
ROLE = re.compile(r"\{[\w:]+\}`[^`]*`|`[^`]*`|\$[^$]*\$")


def messages():
    """Yield every text with its translation: of pages, of what stands on them, of slides."""
    for page in [*PAGES, *catalogues.OTHERS]:
        for message in catalogues.read(catalogues.LOCALE / f"{page}.po"):
            if message.id:
                yield page, message.id, message.string
    for file in sorted((words.FOLDER / "zh_CN").glob("*.json")):
        english = json.loads((words.FOLDER / "en" / file.name).read_text(encoding="utf-8"))
        for key, text in json.loads(file.read_text(encoding="utf-8")).items():
            yield f"words/{file.stem}.{key}", english[key], text
    for file in sorted(PLANS.glob("[0-9]*.md")):
        english, chinese = (
            re.split(r"^---$\n", path.read_text(encoding="utf-8"), flags=re.M)[1:]
            for path in (file, PLANS / "zh_CN" / file.name)
        )
        for one, two in zip(english, chinese, strict=True):
            yield f"slides/{file.stem}", one, two


def shown(text):
    """Return a text as it is read: of a role, what it shows; no code and no formula."""
    text = re.sub(r"\{term\}`([^`<]*?) *(?:<[^>]*>)?`", r"\1", text)
    return words.PLACE.sub("", ROLE.sub("", text))


@pytest.mark.parametrize("phrase", FORBIDDEN)
def test_no_text_says_what_a_native_would_not(phrase):
    found = [
        f"{page}: {text}: say {FORBIDDEN[phrase]}"
        for page, _, text in messages()
        if re.search(phrase, shown(text)) and not QUOTED.search(text)
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("term", PAIRS)
def test_a_term_has_one_name(term):
    tried = wrong = 0
    missing = []
    for page, english, chinese in messages():
        if re.search(term, shown(english), re.IGNORECASE):
            tried += 1
            if not re.search(PAIRS[term], shown(chinese)):
                wrong += 1
                missing.append(f"{page}: {english}: {chinese}")
    assert tried
    assert not wrong, "\n".join(missing)


def test_the_layer_below_is_the_one_before():
    wrong = [
        f"{page}: {chinese}"
        for page, english, chinese in messages()
        if re.search("下一层|下面(一|几)?层", shown(chinese))
        and not re.search(r"next|feeds|following|onto", english)
    ]
    assert not wrong, "\n".join(wrong)


def test_a_title_that_a_sentence_names_stands_in_its_brackets():
    wrong = [
        f"{page}: {chinese}"
        for page, _, chinese in messages()
        if "。" in chinese and re.search(r"(?<!《)\{ref\}`(?!err-)[\w-]+`", chinese)
    ]
    assert not wrong, "\n".join(wrong)


def test_the_same_words_are_the_same_on_two_pages():
    """Two English words or more, such as a heading that many chapters have."""
    said = {}
    for page, english, chinese in messages():
        if " " in english and not page.startswith("words/"):
            said.setdefault(english, {}).setdefault(chinese, []).append(page)
    twice = [ways for ways in said.values() if len(ways) > 1]
    assert said and not twice, "\n".join(map(str, twice))


def test_no_space_parts_chinese_words():
    """In a text as it is read: a reference shows a Chinese title, whose number may come first."""
    found = []
    for page, _, text in messages():
        if page.startswith("words/"):
            continue  # closed when they are said: see ``words.closed``
        seen = re.sub(r"\{(?:num)?ref\}`[^`<]*`", "1章", text)
        seen = re.sub(r"\{(?:term|ref)\}`([^`<]*?) *<[^>]*>`", r"\1", seen)
        seen = re.sub(r"\{[\w:]+\}`[^`]*`|`[^`]*`|\$[^$]*\$", "x", seen)
        seen = re.sub(r"\*\*?(?=\S)|(?<=\S)\*\*?", "", seen)
        found += [f"{page}: {text}" for line in seen.split("\n") if words.GAP.search(line.strip())]
    assert not found, "\n".join(found)


def test_the_programs_on_the_pages_have_all_their_words():
    """In English and in Chinese the same names; no text is only English in the Chinese edition."""
    for file in (words.FOLDER / "en").glob("*.json"):
        english = json.loads(file.read_text(encoding="utf-8"))
        chinese = words.FOLDER / "zh_CN" / file.name
        assert chinese.is_file(), chinese.relative_to(ROOT)
        said = json.loads(chinese.read_text(encoding="utf-8"))
        assert sorted(said) == sorted(english), file.name
        for key, text in said.items():
            asked = set(words.PLACE.findall(english[key])) - {"count"}
            assert asked <= set(words.PLACE.findall(text)), f"{file.stem}.{key}"
