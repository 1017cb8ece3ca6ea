"""Hands a browser the new secret of its session, whatever it asked for."""

from fastapi import Request, Response
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.auth.callers import RENEWED, send_session, session_cookie
from api.wiring import Application


class RenewedSessions:
    """Pure ASGI, so that streams are not buffered. A route that sets the session's cookie itself has its way:
    it signed somebody in or out."""

    def __init__(self, app: ASGIApp, application: Application) -> None:
        self._app = app
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start" and scope["type"] == "http":
                session = getattr(Request(scope).state, RENEWED, None)
                headers = MutableHeaders(scope=message)
                mine = f"{session_cookie(self._application)}="
                said = any(sent.startswith(mine) for sent in headers.getlist("set-cookie"))
                if session is not None and not said:
                    carrier = Response()
                    send_session(carrier, self._application, session)
                    headers.append("set-cookie", carrier.headers["set-cookie"])
            await send(message)

        await self._app(scope, receive, with_cookie)
