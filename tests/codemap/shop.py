"""Small projects for the map."""

import subprocess
from pathlib import Path

SHOP = {
    "shop/cart.py": (
        "from shop.money import rounded\n\n\nclass Cart:\n    def add(self, item): ...\n\n\n"
        "# what total_price means\ndef total_price(cart, tax):\n    return rounded(sum(cart) * tax)\n"
    ),
    "shop/money.py": "def rounded(amount):\n    return round(amount, 2)\n",
    "shop/mail.py": "def send_mail(to, text): ...\n",
    "tests/test_cart.py": (
        "from shop.cart import Cart, total_price\n\n\ndef test_empty():\n    assert total_price([], 1) == 0\n"
    ),
    "tests/test_mail.py": "from shop.mail import send_mail\n\n\ndef test_sends():\n    send_mail('a', 'b')\n",
    "web/page.rb": "class Page\n  def show; total_price; end\nend\n",
    "web/style.css": "b { color: red }\n",
    "README.md": "# A shop\n",
}


def made(count: int) -> dict[str, str]:
    """So many files in folders, in several languages, which name each other."""
    files = {}
    for number in range(count):
        folder, other = f"pack{number % 7}", (number * 31 + 7) % count
        if number % 5 == 4:
            text = f"package {folder}\n\nfunc Render{number}(a int) int {{\n\treturn Render{other}(a)\n}}\n"
            files[f"{folder}/mod{number}.go"] = text
        elif number % 5 == 3:
            text = f"export class View{number} {{\n  draw() {{ return new View{other}() }}\n}}\n"
            files[f"{folder}/deep/er/view{number}.ts"] = text
        else:
            text = (
                f'"""Number {number}."""\n\nclass Cart{number}:\n    def total{number}(self, items, tax):\n'
                f"        return total{other}(items) + helper_{other}(tax)\n\n\n"
                f"def helper_{number}(value):\n    return Cart{other}(value)\n"
            )
            files[f"{folder}/mod{number}.py"] = text
    return files


def written(root: Path, files: dict[str, str]) -> Path:
    """The files on disk, known to git."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    if not (root / ".git").exists():
        subprocess.run(["git", "init", "-q", str(root)], check=True)
        (root / ".git" / "info" / "exclude").write_text("*.db*\n")
    return root
