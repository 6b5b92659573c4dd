"""What a refused request is answered, in the words of the dialect that it was asked in."""

from __future__ import annotations

from typing import Any, Optional, Union

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from pywhispercpp.errors import PywhispercppError
from pywhispercpp.server.problems import KEEPING_ERRORS, Problem, of_keeping

__all__ = ["OPENAI", "WHISPER_API", "WHISPER_SERVER", "install", "openai_error"]

OPENAI_PATHS = "/v1/"
WHISPER_SERVER_PATHS = ("/inference", "/load")


class OpenAIProblem(BaseModel):
    """Why a request is refused."""

    message: str
    type: str = Field(description="invalid_request_error, or server_error")
    param: Optional[str] = Field(None, description="the field that is wrong")
    code: Optional[str] = Field(
        None, description="for programs: invalid_api_key, model_not_found, queue_full…"
    )


class OpenAIError(BaseModel):
    """A refusal in OpenAI's words."""

    error: OpenAIProblem


class WhisperServerError(BaseModel):
    """A refusal in whisper-server's words."""

    error: str


class WhisperApiError(BaseModel):
    """A refusal in whisper_api's words; a list, where fields are missing or wrong."""

    detail: Union[str, list[dict[str, Any]]]


def _documented(model: type[BaseModel]) -> dict[Union[int, str], dict[str, Any]]:
    """What the OpenAPI document says of the answers of a dialect that are no good ones."""
    return {
        "4XX": {"model": model, "description": "The request is refused"},
        "503": {"model": model, "description": "The queue is full: Retry-After says when to try again"},
        "5XX": {"model": model, "description": "It took too long, or failed inside"},
    }


OPENAI = _documented(OpenAIError)
WHISPER_SERVER = _documented(WhisperServerError)
WHISPER_API = _documented(WhisperApiError)


def install(app: FastAPI) -> None:
    """Let the application answer by them."""
    app.add_exception_handler(Problem, _problem)
    for kind in KEEPING_ERRORS:
        app.add_exception_handler(kind, _keeping)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


async def _problem(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Problem)
    return _worded(request, error, error.message)


async def _keeping(request: Request, error: Exception) -> JSONResponse:
    """What the queue cannot keep, or find out."""
    assert isinstance(error, PywhispercppError)
    problem = of_keeping(error)
    return _worded(request, problem, problem.message)


async def _http(request: Request, error: Exception) -> JSONResponse:
    """What Starlette itself refuses: no such route, another method."""
    assert isinstance(error, HTTPException)
    problem = Problem(error.status_code, str(error.detail), headers=error.headers)
    return _worded(request, problem, error.detail)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    """A field that is missing or wrong: 422 to whisper_api's clients, 400 to the others."""
    assert isinstance(error, RequestValidationError)
    # Without the values: one may be a whole upload, or bytes that are no text.
    details = [{"loc": list(one["loc"]), "msg": one["msg"], "type": one["type"]} for one in error.errors()]
    first = details[0]
    # ("body", "timestamp_granularities[]", 0): the first part says where it was, the second what.
    name = next((part for part in first["loc"][1:] if isinstance(part, str)), str(first["loc"][0]))
    path = request.url.path
    status = 400 if path.startswith(OPENAI_PATHS) or path in WHISPER_SERVER_PATHS else 422
    return _worded(request, Problem(status, f"{name}: {first['msg']}", "invalid_value", name), details)


def _worded(request: Request, problem: Problem, detail: Any) -> JSONResponse:  # noqa: ANN401 - any JSON
    path = request.url.path
    if path.startswith(OPENAI_PATHS):
        content: dict[str, Any] = {"error": openai_error(problem)}
    elif path in WHISPER_SERVER_PATHS:
        content = {"error": problem.message}
    else:
        content = {"detail": detail}
    return JSONResponse(content, problem.status, headers=problem.headers)


def openai_error(problem: Problem) -> dict[str, Any]:
    """A problem in OpenAI's words."""
    kind = "server_error" if problem.status >= 500 else "invalid_request_error"
    return {"message": problem.message, "type": kind, "param": problem.param, "code": problem.code}
