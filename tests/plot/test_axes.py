from figures import DIGITS, texts_of

from skmnist import DigitGridDisplay


def test_mathematics_in_labels_is_text():
    display = DigitGridDisplay.from_predictions(
        DIGITS.x_test[:2], ["$x", "$\\nothing$"], random_state=0
    )

    display.figure_.draw_without_rendering()
    assert set(texts_of(display)) == {"$x", "$\\nothing$"}
