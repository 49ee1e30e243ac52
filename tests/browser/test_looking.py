"""What the journeys rely on: whatever is wrong with a page is found, be it at one width alone."""

import pytest

# Something on the page of which media queries say when it is there.
PUT = """([element, there]) => {
  const put = document.createElement(element);
  put.id = "put";
  document.querySelector("main").append(put);
  const rules = new CSSStyleSheet();
  rules.replaceSync(`#put { display: none; height: 30px } ${there}`);
  document.adoptedStyleSheets = [rules];
}"""
WIDE = "#put { display: block; width: 2000px }"
NARROW = "#put { display: block; width: 30px }"


@pytest.fixture
def visitor(new_visitor):
    visitor = new_visitor()
    visitor.visit("/login/canvas")
    visitor.finds_nothing_wrong()
    return visitor


@pytest.mark.parametrize("when", ["max-width: 600px", "min-width: 600px"])
@pytest.mark.parametrize(
    ("element", "rules", "complaint"),
    [("div", WIDE, "wider than the screen"), ("button", NARROW, "button-name")],
)
def test_a_fault_at_one_width_is_found_at_whatever_width_one_goes_about(visitor, when, element, rules, complaint):
    visitor.page.evaluate(PUT, [element, f"@media ({when}) {{ {rules} }}"])
    with pytest.raises(AssertionError, match=complaint):
        visitor.finds_nothing_wrong()


def test_an_error_in_the_console_is_found(visitor):
    visitor.page.evaluate("console.error('the script gave up')")
    with pytest.raises(AssertionError, match="gave up"):
        visitor.finds_nothing_wrong()
