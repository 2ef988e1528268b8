"""Holding a final answer to a JSON schema that the person gave."""

import json
import re
from pathlib import Path

from loomkin.errors import UsageError
from loomkin.records.regex import pattern

MOST_TRIES = 3
_FENCED = pattern(r"^\s*```(?:json)?\s*\n(.*?)\n\s*```\s*$", re.DOTALL)


class AnswerSchema:
    """A check for final answers: the agent is told what does not fit, at most three times."""

    def __init__(self, file: Path) -> None:
        """Read the schema; raises UsageError where the file is none."""
        import jsonschema  # heavy: late on purpose

        try:
            # once: a pipe, as the shell makes one of <(...), is empty when read again
            self.schema = json.loads(file.read_text(encoding="utf-8"))
            validator = jsonschema.validators.validator_for(self.schema)
            validator.check_schema(self.schema)
        except OSError as error:
            raise UsageError(f"Cannot read the schema {file}: {error.strerror}.") from error
        except (ValueError, jsonschema.SchemaError) as error:
            raise UsageError(f"{file} is not a JSON schema: {str(error).splitlines()[0]}") from error
        self._validator = validator(self.schema)
        self.renew()

    def renew(self) -> None:
        """Forget the answers seen: another request begins."""
        self._tries = 0
        self.value: object = None
        self.fits = False
        self.problem = ""

    @property
    def instruction(self) -> str:
        """What the agent is told from the beginning."""
        text = json.dumps(self.schema, ensure_ascii=False)
        return f"Your final answer must be one JSON value and nothing else, valid under this schema:\n{text}"

    async def __call__(self, text: str) -> str:
        fenced = _FENCED.match(text)
        try:
            value = json.loads(fenced[1] if fenced else text)
        except ValueError as error:
            return self._refuse(f"it is not JSON ({error})")
        errors = sorted(self._validator.iter_errors(value), key=lambda error: list(map(str, error.path)))
        if errors:
            where = "/".join(map(str, errors[0].path)) or "the top"
            return self._refuse(f"at {where}: {errors[0].message}")
        self.value, self.fits = value, True
        return ""

    def _refuse(self, why: str) -> str:
        self._tries += 1
        self.problem = why
        if self._tries > MOST_TRIES:
            return ""
        return f"Your answer does not fit the JSON schema: {why}. Answer again with the JSON value alone."
