"""What somebody knows their browser by, so that they find it in the list of their sessions."""

# Each token, and what it means; browsers name their forebears too, so the first that is there counts.
_BROWSERS = {
    "Edg/": "Edge",
    "OPR/": "Opera",
    "Firefox/": "Firefox",
    "FxiOS/": "Firefox",
    "Chrome/": "Chrome",
    "CriOS/": "Chrome",
    "Safari/": "Safari",
}
_SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "Mac OS X": "macOS",
    "CrOS": "ChromeOS",
    "Linux": "Linux",
}


def named(user_agent: str) -> str:
    """E.g. 'Firefox on Windows'. Only this much is kept of what a browser says about itself."""
    browser = next((name for token, name in _BROWSERS.items() if token in user_agent), "A browser")
    system = next((name for token, name in _SYSTEMS.items() if token in user_agent), "")
    return f"{browser} on {system}" if system else browser
