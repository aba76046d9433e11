package io.heed.inference.serve;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;

import io.heed.inference.engine.Engine;
import io.heed.inference.engine.FinishReason;
import io.heed.inference.engine.Likelihood;
import io.heed.inference.engine.Refusal;
import io.heed.inference.text.TextModel;

/** Answers {@code /v1/completions} or {@code /v1/chat/completions}. */
final class GenerationHandler {
    /** How long nothing is sent before a sign of life is: what shows that a client went away. */
    private static final Duration QUIET = Duration.ofMillis(500);

    private final TextModel model;
    private final Engine engine;
    private final ServerSettings settings;
    private final Metrics metrics;
    private final boolean chat;

    GenerationHandler(TextModel model, Engine engine, ServerSettings settings, Metrics metrics, boolean chat) {
        this.model = model;
        this.engine = engine;
        this.settings = settings;
        this.metrics = metrics;
        this.chat = chat;
    }

    /**
     * Answers one request.
     *
     * @throws ApiError    before anything is sent
     * @throws IOException when the client went away; its generations are cancelled then
     */
    void answer(HttpExchange exchange, JsonNode body) throws ApiError, IOException, InterruptedException {
        long start = System.nanoTime();
        RequestParser parser = new RequestParser(model, settings);
        ApiRequest request = chat ? parser.chat(body) : parser.completion(body);
        Answer answer;
        try {
            answer = Answer.to(request, model, engine, settings.timeout());
        } catch (Refusal e) {
            throw ApiError.of(e);
        } catch (IllegalArgumentException e) {
            throw ApiError.invalid("prompt", e.getMessage());
        }
        try {
            ResponseShape shape = new ResponseShape(chat, model.name());
            if (request.stream()) {
                stream(exchange, request, answer, shape, start);
            } else {
                whole(exchange, request, answer, shape, start);
            }
            metrics.answered(System.nanoTime() - start);
        } catch (IOException | InterruptedException | RuntimeException e) {
            answer.cancel();
            throw e;
        }
    }

    private void stream(HttpExchange exchange, ApiRequest request, Answer answer, ResponseShape shape, long start)
            throws IOException, InterruptedException {
        exchange.getResponseHeaders().set("Content-Type", "text/event-stream; charset=utf-8");
        exchange.getResponseHeaders().set("Cache-Control", "no-cache");
        exchange.sendResponseHeaders(200, 0);
        try (OutputStream out = exchange.getResponseBody()) {
            for (int i = 0; chat && i < answer.choices(); i++) {
                event(out, shape.opening(i).toString());
            }
            LikelihoodShape likelihoods = new LikelihoodShape(chat, model.tokenizer(), answer.choices());
            boolean first = true;
            while (answer.isOpen()) {
                switch (answer.next(QUIET)) {
                    case null -> send(out, ": waiting\n\n");
                    case Answer.Event.More more -> {
                        if (first) {
                            metrics.firstText(System.nanoTime() - start);
                            first = false;
                        }
                        ObjectNode logprobs = request.listed() < 0 ? null
                                : likelihoods.of(more.choice(), more.tokens());
                        event(out, shape.piece(more.choice(), more.text(), logprobs).toString());
                    }
                    case Answer.Event.End end -> {
                        if (end.reason() == FinishReason.ERROR || end.reason() == FinishReason.CANCELLED) {
                            event(out, broken(end).json().toString());
                            answer.cancel();
                            return;
                        }
                        event(out, shape.end(end.choice(), end.reason()).toString());
                    }
                }
            }
            if (request.usage()) {
                ObjectNode last = shape.root(true);
                ResponseShape.usage(last, answer);
                event(out, last.toString());
            }
            event(out, "[DONE]");
        }
    }

    private static ApiError broken(Answer.Event.End end) {
        return ApiError.of(500, "generation_failed", end.failure() == null ? "the server was stopped"
                : "the generation broke: " + end.failure());
    }

    private static void event(OutputStream out, String data) throws IOException {
        send(out, "data: " + data + "\n\n");
    }

    private static void send(OutputStream out, String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.UTF_8));
        out.flush();
    }

    private void whole(HttpExchange exchange, ApiRequest request, Answer answer, ResponseShape shape, long start)
            throws IOException, InterruptedException, ApiError {
        StringBuilder[] texts = new StringBuilder[answer.choices()];
        FinishReason[] reasons = new FinishReason[texts.length];
        List<List<Likelihood>> tokens = new ArrayList<>();
        for (int i = 0; i < texts.length; i++) {
            texts[i] = new StringBuilder();
            tokens.add(new ArrayList<>());
        }
        OutputStream out = null;
        boolean first = true;
        long sent = start;
        while (answer.isOpen()) {
            Answer.Event event = answer.next(QUIET);
            if (System.nanoTime() - sent >= QUIET.toNanos()) {
                // JSON may begin with blanks
                out = out == null ? begin(exchange) : out;
                send(out, " ");
                sent = System.nanoTime();
            }
            switch (event) {
                case null -> { }
                case Answer.Event.More more -> {
                    if (first) {
                        metrics.firstText(System.nanoTime() - start);
                        first = false;
                    }
                    texts[more.choice()].append(more.text());
                    tokens.get(more.choice()).addAll(more.tokens());
                }
                case Answer.Event.End end -> {
                    if (end.reason() == FinishReason.ERROR || end.reason() == FinishReason.CANCELLED) {
                        answer.cancel();
                        if (out == null) {
                            throw broken(end);
                        }
                        send(out, broken(end).json().toString());
                        out.close();
                        return;
                    }
                    reasons[end.choice()] = end.reason();
                }
            }
        }
        ObjectNode root = shape.root(false);
        LikelihoodShape likelihoods = new LikelihoodShape(chat, model.tokenizer(), texts.length);
        for (int i = 0; i < texts.length; i++) {
            shape.whole(root, i, texts[i].toString(), reasons[i],
                    request.listed() < 0 ? null : likelihoods.of(i, tokens.get(i)));
        }
        ResponseShape.usage(root, answer);
        try (OutputStream body = out == null ? begin(exchange) : out) {
            send(body, root.toString());
        }
    }

    private static OutputStream begin(HttpExchange exchange) throws IOException {
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(200, 0);
        return exchange.getResponseBody();
    }
}
