package io.heed.inference.serve;

import java.util.List;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

import io.heed.inference.engine.Likelihood;
import io.heed.inference.text.TextTokenizer;

/** The JSON of how likely an answer's tokens were: {@code logprobs}, of a completion or of a chat completion. */
final class LikelihoodShape {
    private final boolean chat;
    private final TextTokenizer tokenizer;
    private final int[] offsets; // characters of each choice's answer so far

    LikelihoodShape(boolean chat, TextTokenizer tokenizer, int choices) {
        this.chat = chat;
        this.tokenizer = tokenizer;
        offsets = new int[choices];
    }

    /** Of a choice's next tokens, all of them or a piece. */
    ObjectNode of(int choice, List<Likelihood> tokens) {
        return chat ? chat(tokens) : completion(choice, tokens);
    }

    private ObjectNode chat(List<Likelihood> tokens) {
        ObjectNode root = JsonNodeFactory.instance.objectNode();
        ArrayNode content = root.putArray("content");
        for (Likelihood token : tokens) {
            ObjectNode one = content.addObject();
            describe(one, token);
            ArrayNode top = one.putArray("top_logprobs");
            token.top().forEach(other -> describe(top.addObject(), other));
        }
        root.putNull("refusal");
        return root;
    }

    private void describe(ObjectNode node, Likelihood token) {
        node.put("token", tokenizer.text(token.token())).put("logprob", token.logprob());
        ArrayNode bytes = node.putArray("bytes");
        for (byte b : tokenizer.bytes(token.token())) {
            bytes.add(b & 0xFF);
        }
    }

    private ObjectNode completion(int choice, List<Likelihood> tokens) {
        ObjectNode root = JsonNodeFactory.instance.objectNode();
        ArrayNode offset = root.putArray("text_offset");
        ArrayNode logprobs = root.putArray("token_logprobs");
        ArrayNode texts = root.putArray("tokens");
        ArrayNode tops = root.putArray("top_logprobs");
        for (Likelihood token : tokens) {
            String text = tokenizer.text(token.token());
            offset.add(offsets[choice]);
            offsets[choice] += text.length();
            logprobs.add(token.logprob());
            texts.add(text);
            ObjectNode top = tops.addObject();
            token.top().forEach(other -> top.put(tokenizer.text(other.token()), other.logprob()));
            top.put(text, token.logprob()); // the chosen one is always among them
        }
        return root;
    }
}
