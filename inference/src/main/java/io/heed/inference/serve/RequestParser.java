package io.heed.inference.serve;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;

import com.fasterxml.jackson.databind.JsonNode;

import io.heed.inference.engine.GenerationRequest;
import io.heed.inference.engine.Likelihood;
import io.heed.inference.engine.Sampling;
import io.heed.inference.jinja.TemplateException;
import io.heed.inference.text.ChatTemplate;
import io.heed.inference.text.TextModel;

/** Reads and checks the bodies of completions and chat completions. */
final class RequestParser {
    private static final int USUAL_COMPLETION = 16;
    private static final int MOST_STOPS = 4;

    private final TextModel model;
    private final ServerSettings settings;

    RequestParser(TextModel model, ServerSettings settings) {
        this.model = model;
        this.settings = settings;
    }

    ApiRequest completion(JsonNode body) throws ApiError {
        unsupported(body, "echo", "suffix");
        if (body.path("best_of").asInt(1) > Math.max(1, body.path("n").asInt(1))) {
            throw ApiError.invalid("best_of", "best_of larger than n is not supported");
        }
        return request(body, prompts(body.path("prompt")), integer(body, "max_tokens", USUAL_COMPLETION),
                listed(body, "logprobs"));
    }

    ApiRequest chat(JsonNode body) throws ApiError {
        unsupported(body, "tools", "functions", "audio");
        String format = body.path("response_format").path("type").asText("text");
        if (!format.equals("text")) {
            throw ApiError.invalid("response_format", "response format '" + format + "' is not supported, only 'text'");
        }
        List<ChatTemplate.Message> messages = messages(body.path("messages"));
        int listed = flag(body, "logprobs") ? Math.max(0, listed(body, "top_logprobs")) : GenerationRequest.PLAIN;
        if (listed < 0 && integer(body, "top_logprobs", 0) > 0) {
            throw ApiError.invalid("top_logprobs", "top_logprobs needs 'logprobs': true");
        }
        int most = integer(body, "max_completion_tokens", integer(body, "max_tokens", settings.maxTokens()));
        try {
            return request(body, List.of(model.encode(messages)), most, listed);
        } catch (TemplateException e) {
            throw ApiError.invalid("messages", e.getMessage());
        } catch (IllegalArgumentException e) {
            throw ApiError.invalid("messages", e.getMessage());
        }
    }

    /** How many of the likeliest tokens to tell beside each; -1 where the body does not say. */
    private static int listed(JsonNode body, String name) throws ApiError {
        int listed = integer(body, name, GenerationRequest.PLAIN);
        if (body.hasNonNull(name) && (listed < 0 || listed > Likelihood.MOST)) {
            throw ApiError.invalid(name, name + " is " + listed + ", must be 0 to " + Likelihood.MOST);
        }
        return listed;
    }

    private ApiRequest request(JsonNode body, List<int[]> prompts, int maxTokens, int listed) throws ApiError {
        String name = body.path("model").asText("");
        if (!name.equals(model.name())) {
            throw ApiError.of(404, "model_not_found", "the model '" + name + "' is not served here; there is '"
                    + model.name()
                    + "'");
        }
        if (maxTokens < 1 || maxTokens > settings.maxTokens()) {
            throw ApiError.invalid("max_tokens", "max_tokens is " + maxTokens + ", must be 1 to "
                    + settings.maxTokens());
        }
        int choices = integer(body, "n", 1);
        if (choices < 1 || (long) choices * prompts.size() > settings.choices()) {
            throw ApiError.invalid("n", (long) choices * prompts.size() + " answers were asked for, 1 to "
                    + settings.choices()
                    + " are allowed");
        }
        return new ApiRequest(prompts, choices, maxTokens, sampling(body), stops(body.path("stop")),
                flag(body, "stream"), flag(body.path("stream_options"), "include_usage"), listed);
    }

    private Sampling sampling(JsonNode body) throws ApiError {
        Sampling usual = model.defaults().sampling();
        JsonNode seed = body.path("seed");
        if (!seed.isMissingNode() && !seed.isNull() && !seed.canConvertToLong()) {
            throw ApiError.invalid("seed", "seed must be a whole number");
        }
        try {
            return new Sampling(number(body, "temperature", usual.temperature()), integer(body, "top_k", usual.topK()),
                    number(body, "top_p", usual.topP()), number(body, "min_p", usual.minP()),
                    number(body, "repetition_penalty", usual.repetitionPenalty()), number(body, "presence_penalty", 0),
                    number(body, "frequency_penalty", 0),
                    seed.isNumber() ? seed.asLong() : ThreadLocalRandom.current().nextLong())
                    .withLogitBias(bias(body.path("logit_bias")));
        } catch (IllegalArgumentException e) {
            throw ApiError.invalid(null, e.getMessage());
        }
    }

    /** An object from token ids, as texts, to what is added to their logits. */
    private Map<Integer, Float> bias(JsonNode bias) throws ApiError {
        Map<Integer, Float> biases = new HashMap<>();
        if (bias.isMissingNode() || bias.isNull()) {
            return biases;
        }
        for (Map.Entry<String, JsonNode> entry : bias.properties()) {
            int token = entry.getKey().matches("\\d{1,9}") ? Integer.parseInt(entry.getKey()) : -1;
            if (token < 0 || token >= model.model().config().vocabulary() || !entry.getValue().isNumber()) {
                throw ApiError.invalid("logit_bias", "logit_bias has " + entry.getKey() + ": " + entry.getValue()
                        + ", must be a token id of 0 to " + (model.model().config().vocabulary() - 1)
                        + " and a number of -100 to 100");
            }
            biases.put(token, entry.getValue().floatValue());
        }
        if (!bias.isObject()) {
            throw ApiError.invalid("logit_bias", "logit_bias must be an object from token ids to numbers");
        }
        return biases;
    }

    private List<String> stops(JsonNode stop) throws ApiError {
        List<String> stops = new ArrayList<>();
        if (stop.isTextual()) {
            stops.add(stop.asText());
        } else if (stop.isArray()) {
            for (JsonNode one : stop) {
                if (!one.isTextual()) {
                    throw ApiError.invalid("stop", "stop must be a text or a list of texts");
                }
                stops.add(one.asText());
            }
        } else if (!stop.isMissingNode() && !stop.isNull()) {
            throw ApiError.invalid("stop", "stop must be a text or a list of texts");
        }
        if (stops.size() > MOST_STOPS) {
            throw ApiError.invalid("stop", stops.size() + " stop texts, at most " + MOST_STOPS + " are allowed");
        }
        return stops;
    }

    private List<int[]> prompts(JsonNode prompt) throws ApiError {
        List<int[]> prompts = new ArrayList<>();
        if (prompt.isTextual() || prompt.isArray() && !prompt.isEmpty() && prompt.get(0).isInt()) {
            prompts.add(prompt(prompt));
        } else if (prompt.isArray()) {
            for (JsonNode one : prompt) {
                prompts.add(prompt(one));
            }
        }
        if (prompts.isEmpty()) {
            throw ApiError.invalid("prompt", "prompt must be a text, a list of token ids, or a list of these");
        }
        return prompts;
    }

    private int[] prompt(JsonNode prompt) throws ApiError {
        if (prompt.isTextual()) {
            try {
                return model.tokenizer().encode(prompt.asText(), true);
            } catch (IllegalArgumentException e) {
                throw ApiError.invalid("prompt", e.getMessage());
            }
        }
        int[] ids = new int[prompt.size()];
        for (int i = 0; i < ids.length; i++) {
            if (!prompt.get(i).isInt() || prompt.get(i).asInt() < 0 || prompt.get(i).asInt() >= model.model().config()
                    .vocabulary()) {
                throw ApiError.invalid("prompt", "prompt has the token id " + prompt.get(i) + ", must be 0 to "
                        + (model.model().config().vocabulary() - 1));
            }
            ids[i] = prompt.get(i).asInt();
        }
        if (ids.length == 0) {
            throw ApiError.invalid("prompt", "prompt must be a text, a list of token ids, or a list of these");
        }
        return ids;
    }

    private static List<ChatTemplate.Message> messages(JsonNode list) throws ApiError {
        List<ChatTemplate.Message> messages = new ArrayList<>();
        if (!list.isArray() || list.isEmpty()) {
            throw ApiError.invalid("messages", "messages must be a list with at least one message");
        }
        for (JsonNode message : list) {
            String role = message.path("role").asText("");
            if (!Set.of("system", "developer", "user", "assistant").contains(role)) {
                throw ApiError.invalid("messages", "a message's role is '" + role
                        + "', must be system, developer, user or assistant");
            }
            messages.add(new ChatTemplate.Message(role.equals("developer") ? "system" : role,
                    content(message.path("content"))));
        }
        return messages;
    }

    /** A text, or a list of text parts. */
    private static String content(JsonNode content) throws ApiError {
        if (content.isTextual()) {
            return content.asText();
        }
        StringBuilder text = new StringBuilder();
        if (content.isArray()) {
            for (JsonNode part : content) {
                if (!part.path("type").asText().equals("text")) {
                    throw ApiError.invalid("messages", "a message has a part of type '" + part.path("type").asText()
                            + "'; only 'text' is supported");
                }
                text.append(part.path("text").asText());
            }
            return text.toString();
        }
        throw ApiError.invalid("messages", "a message's content must be a text or a list of text parts");
    }

    /** What would change the answer and cannot be done must not be passed over. */
    private static void unsupported(JsonNode body, String... names) throws ApiError {
        for (String name : names) {
            JsonNode value = body.path(name);
            boolean off = value.isMissingNode() || value.isNull() || value.isBoolean() && !value.asBoolean()
                    || value.isContainerNode() && value.isEmpty() || value.isTextual() && value.asText().isEmpty();
            if (!off) {
                throw ApiError.invalid(name, "'" + name + "' is not supported");
            }
        }
    }

    private static boolean flag(JsonNode body, String name) throws ApiError {
        JsonNode value = body.path(name);
        if (!value.isMissingNode() && !value.isNull() && !value.isBoolean()) {
            throw ApiError.invalid(name, name + " must be true or false");
        }
        return value.asBoolean(false);
    }

    private static int integer(JsonNode body, String name, int otherwise) throws ApiError {
        JsonNode value = body.path(name);
        if (value.isMissingNode() || value.isNull()) {
            return otherwise;
        }
        if (!value.canConvertToInt() || !value.isIntegralNumber()) {
            throw ApiError.invalid(name, name + " must be a whole number, not " + value);
        }
        return value.asInt();
    }

    private static double number(JsonNode body, String name, double otherwise) throws ApiError {
        JsonNode value = body.path(name);
        if (value.isMissingNode() || value.isNull()) {
            return otherwise;
        }
        if (!value.isNumber()) {
            throw ApiError.invalid(name, name + " must be a number, not " + value);
        }
        return value.asDouble();
    }
}
