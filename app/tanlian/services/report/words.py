"""The words in pictures of the market: pages say them in the reader's language, reports in both."""

from collections.abc import Callable

Say = Callable[..., str]  # the English in, with its fields by name; what stands in the picture out

_BOTH = {
    "Price (yuan/t)": "价格 Price (yuan/t)",
    "Quantity (t)": "数量 Quantity (t)",
    "Summed quantity (t)": "累计数量 Summed quantity (t)",
    "Trade number": "成交序号 Trade number",
    "bid": "买 bid",
    "ask": "卖 ask",
    "matched %(quantity)s t": "成交 matched %(quantity)s t",
    "reference %(price)s": "参考价 reference %(price)s",
    "close %(price)s": "收盘价 close %(price)s",
    "double auction": "双向拍卖 double auction",
    "peer to peer": "点对点 peer to peer",
    "block trade": "大宗 block trade",
}


def both(english: str, **fields: object) -> str:
    """Short words in Chinese and English, sentences in English."""
    return _BOTH.get(english, english) % fields if fields else _BOTH.get(english, english)
