"""Somebody without a mouse, whose keys are counted."""

import time

from playwright.sync_api import Locator, Page

A_MINUTE = 200  # keys of somebody who types at forty words a minute


class Keyboard:
    """The keys of one page since it was made, and how long they and what they set off took."""

    def __init__(self, page: Page) -> None:
        self._page, self._begun = page, time.monotonic()
        self.count = 0

    @property
    def seconds(self) -> float:
        """What a person needs: to press so many keys, beside what the machine took."""
        return time.monotonic() - self._begun + self.count * 60 / A_MINUTE

    def press(self, *keys: str) -> None:
        """One key or chord after the other."""
        for key in keys:
            self._page.keyboard.press(key)
            self.count += 1

    def type(self, words: str) -> None:
        """Letter by letter."""
        self._page.keyboard.type(words)
        self.count += len(words)

    def reach(self, target: Locator, most: int = 40) -> None:
        """Go on from field to field until this one has the focus."""
        for _ in range(most):
            if target.evaluate("each => each === document.activeElement"):
                return
            self.press("Tab")
        raise AssertionError(f"{most} times Tab do not lead to {target}.")

    def skip_to_content(self) -> None:
        """Past what stands above every page, where the page has not put the focus where work begins."""
        if self._page.evaluate("document.activeElement === document.body"):
            self.press("Tab", "Enter")
