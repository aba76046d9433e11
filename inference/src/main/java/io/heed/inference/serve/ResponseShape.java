package io.heed.inference.serve;

import java.util.UUID;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

import io.heed.inference.engine.FinishReason;

/** The JSON of one answer: of a completion or of a chat completion, whole or in pieces. */
final class ResponseShape {
    private final boolean chat;
    private final String model;
    private final String id;
    private final long created = System.currentTimeMillis() / 1000;

    ResponseShape(boolean chat, String model) {
        this.chat = chat;
        this.model = model;
        id = (chat ? "chatcmpl-" : "cmpl-") + UUID.randomUUID().toString().replace("-", "");
    }

    /** An answer, or a piece of one, with no choices yet. */
    ObjectNode root(boolean piece) {
        ObjectNode root = JsonNodeFactory.instance.objectNode();
        root.put("id", id).put("object", !chat ? "text_completion" : piece ? "chat.completion.chunk"
                : "chat.completion")
                .put("created", created).put("model", model).putArray("choices");
        return root;
    }

    /** A chat's first piece, which says who speaks. */
    ObjectNode opening(int choice) {
        ObjectNode root = root(true);
        ObjectNode one = choice(root, choice, null);
        one.putObject("delta").put("role", "assistant").put("content", "");
        return root;
    }

    /** @param logprobs of the text's tokens; null where nobody asked */
    ObjectNode piece(int choice, String text, ObjectNode logprobs) {
        ObjectNode root = root(true);
        ObjectNode one = choice(root, choice, null);
        one.set("logprobs", logprobs);
        if (chat) {
            one.putObject("delta").put("content", text);
        } else {
            one.put("text", text);
        }
        return root;
    }

    ObjectNode end(int choice, FinishReason reason) {
        ObjectNode root = root(true);
        ObjectNode one = choice(root, choice, reason);
        if (chat) {
            one.putObject("delta");
        } else {
            one.put("text", "");
        }
        return root;
    }

    /** @param logprobs of the text's tokens; null where nobody asked */
    void whole(ObjectNode root, int choice, String text, FinishReason reason, ObjectNode logprobs) {
        ObjectNode one = choice(root, choice, reason);
        one.set("logprobs", logprobs);
        if (chat) {
            one.putObject("message").put("role", "assistant").put("content", text).putNull("refusal");
        } else {
            one.put("text", text);
        }
    }

    private static ObjectNode choice(ObjectNode root, int index, FinishReason reason) {
        ObjectNode choice = root.withArray("choices").addObject();
        choice.put("index", index).putNull("logprobs");
        // an answer that ran out of time was cut off, as one that ran out of tokens
        choice.put("finish_reason", reason == null ? null : reason == FinishReason.STOP ? "stop" : "length");
        return choice;
    }

    static void usage(ObjectNode root, Answer answer) {
        int prompt = answer.promptTokens();
        int generated = answer.generatedTokens();
        ObjectNode usage = root.putObject("usage");
        usage.put("prompt_tokens", prompt).put("completion_tokens", generated).put("total_tokens", prompt + generated)
                .putObject("prompt_tokens_details").put("cached_tokens", answer.cachedTokens());
    }

    boolean isChat() {
        return chat;
    }
}
