"""Names for the identifiers that run through the house."""

from typing import NewType

SessionId = NewType("SessionId", str)
AgentId = NewType("AgentId", str)
TaskId = NewType("TaskId", str)
MailId = NewType("MailId", str)
DecisionId = NewType("DecisionId", str)
MessageId = NewType("MessageId", str)
CallId = NewType("CallId", str)
ModelId = NewType("ModelId", str)
KeeperId = NewType("KeeperId", str)
