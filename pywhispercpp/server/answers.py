"""What a refused request is answered, in the words of the dialect that it was asked in."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from pywhispercpp.server.problems import Problem

__all__ = ["install"]


def install(app: FastAPI) -> None:
    """Let the application answer by them."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


async def _problem(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Problem)
    return _worded(request, error, error.message)


async def _http(request: Request, error: Exception) -> JSONResponse:
    """What Starlette itself refuses: no such route, another method."""
    assert isinstance(error, HTTPException)
    problem = Problem(error.status_code, str(error.detail), headers=error.headers)
    return _worded(request, problem, error.detail)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    """A field that is missing or wrong."""
    assert isinstance(error, RequestValidationError)
    # Without the values: one may be a whole upload, or bytes that are no text.
    details = [{"loc": list(one["loc"]), "msg": one["msg"], "type": one["type"]} for one in error.errors()]
    first = details[0]
    name = str(first["loc"][-1])
    is_openai = request.url.path.startswith("/v1/")
    problem = Problem(400 if is_openai else 422, f"{name}: {first['msg']}", "invalid_value", name)
    return _worded(request, problem, details)


def _worded(request: Request, problem: Problem, detail: Any) -> JSONResponse:  # noqa: ANN401 - any JSON
    path = request.url.path
    if path.startswith("/v1/"):
        content: dict[str, Any] = {"error": _as_openai(problem)}
    elif path in ("/inference", "/load"):
        content = {"error": problem.message}
    else:
        content = {"detail": detail}
    return JSONResponse(content, problem.status, headers=problem.headers)


def _as_openai(problem: Problem) -> dict[str, Any]:
    kind = "server_error" if problem.status >= 500 else "invalid_request_error"
    return {"message": problem.message, "type": kind, "param": problem.param, "code": problem.code}
