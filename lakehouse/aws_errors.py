"""One-line messages for errors of AWS, or of the connection to it, with what to do. They contain no secrets."""

from boto3.exceptions import Boto3Error
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)

_HOW = "name a profile with AWS_PROFILE, run under a role, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
_RIGHT = "the role or user needs permission for this, see docs/aws.md"
_NO_RIGHT = {"403", "AccessDenied", "AccessDeniedException", "AllAccessDisabled"}
_BAD_CREDENTIALS = {
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}


def aws_refusal(error: BaseException, what: str = "") -> str | None:
    """The error as a sentence, or None if it didn't come from AWS; `what` was requested, for example s3://bucket."""
    to = f" for {what}" if what else ""
    if isinstance(error, ClientError):
        return _refused(error, to)
    match error:
        case NoCredentialsError() | PartialCredentialsError():
            return f"no AWS credentials were found{to}; {_HOW}"
        case SSOError() | TokenRetrievalError():
            return f"the AWS sign-in has ended; sign in again: {error}"
        case ProfileNotFound():
            return f"{error}; AWS_PROFILE names it"
        case NoRegionError():
            return f"no AWS region was found{to}; set AWS_DEFAULT_REGION, or the region of the profile"
        case EndpointConnectionError():
            return f"AWS can't be reached{to}: {error}"
        case Boto3Error():  # raised by transfers, with the refusal as its context
            return aws_refusal(error.__context__, what) if error.__context__ else f"AWS failed{to}: {_line(error)}"
        case BotoCoreError():
            return f"AWS failed{to}: {_line(error)}"
        case OSError() if "AWS Error ACCESS_DENIED" in str(error):  # pyarrow's S3 file system
            return f"AWS refuses S3{to}: {_line(error)}; {_RIGHT}"
        case OSError() if "AWS Error" in str(error):
            return f"S3 failed{to}: {_line(error)}"
    return None


def _refused(error: ClientError, to: str) -> str:
    code = error.response["Error"].get("Code", "")
    message = " ".join(error.response["Error"].get("Message", "").split())
    operation = error.operation_name
    if code in ("404", "NoSuchBucket"):
        return f"there is no such bucket{to}; `make aws-bootstrap` creates one, or name another with --lake"
    if code in _BAD_CREDENTIALS:
        return f"AWS does not accept the credentials{to} ({code}); {_HOW}"
    if code in _NO_RIGHT:
        reason = "" if message in ("", "Forbidden") else f": {message}"
        return f"AWS refuses {operation}{to}{reason}; {_RIGHT}"
    if code in ("301", "PermanentRedirect"):
        return f"the request{to} was sent to another region than the bucket's; set AWS_REGION to the bucket's region"
    return f"AWS refuses {operation}{to}: {code}: {message}"


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())
