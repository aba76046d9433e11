package io.heed.inference.serve;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

import io.heed.inference.engine.Refusal;

/** A request that gets an error for an answer, in OpenAI's form. */
final class ApiError extends Exception {
    private static final long serialVersionUID = 1;

    private final int status;
    private final String type;
    private final String code;
    private final String parameter;

    private ApiError(int status, String type, String code, String parameter, String message) {
        super(message);
        this.status = status;
        this.type = type;
        this.code = code;
        this.parameter = parameter;
    }

    /** 400, about one parameter. */
    static ApiError invalid(String parameter, String message) {
        return new ApiError(400, "invalid_request_error", null, parameter, message);
    }

    static ApiError of(int status, String code, String message) {
        return new ApiError(status, status >= 500 ? "server_error" : "invalid_request_error", code, null, message);
    }

    static ApiError of(Refusal refusal) {
        return switch (refusal.reason()) {
            case TOO_LARGE -> of(400, "context_length_exceeded", refusal.getMessage());
            case BUSY -> new ApiError(429, "rate_limit_error", "queue_full", null, refusal.getMessage());
            case CLOSING -> of(503, "shutting_down", refusal.getMessage());
        };
    }

    int status() {
        return status;
    }

    /** Whether the same request may succeed later. */
    boolean isTemporary() {
        return status == 429 || status == 503;
    }

    ObjectNode json() {
        ObjectNode root = JsonNodeFactory.instance.objectNode();
        root.putObject("error").put("message", getMessage()).put("type", type).put("param", parameter)
                .put("code", code);
        return root;
    }
}
