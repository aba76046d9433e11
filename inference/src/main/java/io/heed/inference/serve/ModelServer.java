package io.heed.inference.serve;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;

import io.heed.inference.engine.Engine;
import io.heed.inference.text.TextModel;

/** Serves one model over HTTP. */
public final class ModelServer implements AutoCloseable {
    static {
        // read when the JDK's server class loads: small writes leave at once, and nobody takes for ever to send a
        // request
        setDefault("sun.net.httpserver.nodelay", "true");
        setDefault("sun.net.httpserver.maxReqTime", "60");
        setDefault("jdk.httpserver.maxConnections", "2048");
    }

    private static final ObjectMapper JSON = JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();
    private static final String RETRY_SECONDS = "1";

    private final TextModel model;
    private final Engine engine;
    private final ServerSettings settings;
    private final Metrics metrics = new Metrics();
    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final long started = System.currentTimeMillis() / 1000;
    private volatile boolean draining;

    private ModelServer(TextModel model, Engine engine, ServerSettings settings) throws IOException {
        this.model = model;
        this.engine = engine;
        this.settings = settings;
        server = HttpServer.create(new InetSocketAddress(settings.host(), settings.port()), 1024);
        server.setExecutor(threads);
        server.createContext("/", this::handle);
    }

    private static void setDefault(String key, String value) {
        if (System.getProperty(key) == null) {
            System.setProperty(key, value);
        }
    }

    /**
     * Starts a server; the engine stays the caller's to close.
     *
     * @throws IOException when it cannot listen there
     */
    public static ModelServer start(TextModel model, Engine engine, ServerSettings settings) throws IOException {
        ModelServer server = new ModelServer(model, engine, settings);
        server.server.start();
        return server;
    }

    /** Where it listens. */
    public InetSocketAddress address() {
        return server.getAddress();
    }

    /**
     * Takes no more requests, waits for what is being answered, and stops.
     *
     * @return whether all answers were finished in time
     */
    public boolean drain(Duration patience) throws InterruptedException {
        draining = true;
        boolean finished = engine.drain(patience);
        server.stop(2); // what is computed still has to be sent
        threads.close();
        return finished;
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }

    private void handle(HttpExchange exchange) {
        String path = exchange.getRequestURI().getPath();
        int status = 500;
        try (exchange) {
            try {
                route(exchange, path);
                status = exchange.getResponseCode();
            } catch (ApiError e) {
                status = e.status();
                if (e.isTemporary()) {
                    exchange.getResponseHeaders().set("Retry-After", RETRY_SECONDS);
                }
                send(exchange, e.status(), "application/json", e.json().toString());
            } catch (RuntimeException e) {
                if (exchange.getResponseCode() < 0) {
                    send(exchange, 500, "application/json", ApiError.of(500, "internal_error", "the server broke: " + e)
                            .json()
                            .toString());
                }
            }
        } catch (IOException e) {
            status = exchange.getResponseCode();
            metrics.disconnected();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            metrics.request(known(path), status);
        }
    }

    /** Unknown paths are counted together: clients must not make the metrics grow. */
    private static String known(String path) {
        return switch (path) {
            case "/health", "/metrics", "/v1/models", "/v1/completions", "/v1/chat/completions" -> path;
            default -> path.startsWith("/v1/models/") ? "/v1/models" : "other";
        };
    }

    private void route(HttpExchange exchange, String path) throws ApiError, IOException, InterruptedException {
        if (path.equals("/health")) {
            method(exchange, "GET");
            send(exchange, draining ? 503 : 200, "application/json", "{\"status\":\"" + (draining ? "stopping" : "ok")
                    + "\"}");
            return;
        }
        authorise(exchange);
        switch (path) {
            case "/metrics" -> {
                method(exchange, "GET");
                send(exchange, 200, "text/plain; version=0.0.4; charset=utf-8", metrics.text(engine.statistics()));
            }
            case "/v1/models" -> {
                method(exchange, "GET");
                ObjectNode list = JsonNodeFactory.instance.objectNode().put("object", "list");
                list.putArray("data").add(description());
                send(exchange, 200, "application/json", list.toString());
            }
            case "/v1/completions", "/v1/chat/completions" -> {
                method(exchange, "POST");
                boolean chat = path.contains("chat");
                new GenerationHandler(model, engine, settings, metrics, chat).answer(exchange, body(exchange));
            }
            default -> {
                if (!path.equals("/v1/models/" + model.name())) {
                    throw ApiError.of(404, "not_found", "there is no " + path);
                }
                method(exchange, "GET");
                send(exchange, 200, "application/json", description().toString());
            }
        }
    }

    private ObjectNode description() {
        return JsonNodeFactory.instance.objectNode().put("id", model.name()).put("object", "model")
                .put("created", started)
                .put("owned_by", "heed");
    }

    private static void method(HttpExchange exchange, String method) throws ApiError {
        if (!exchange.getRequestMethod().equals(method)) {
            exchange.getResponseHeaders().set("Allow", method);
            throw ApiError.of(405, "method_not_allowed", exchange.getRequestURI().getPath() + " takes " + method
                    + ", not "
                    + exchange.getRequestMethod());
        }
    }

    private void authorise(HttpExchange exchange) throws ApiError {
        if (settings.apiKey().isEmpty()) {
            return;
        }
        String header = exchange.getRequestHeaders().getFirst("Authorization");
        byte[] want = ("Bearer " + settings.apiKey()).getBytes(StandardCharsets.UTF_8);
        if (header == null || !MessageDigest.isEqual(want, header.getBytes(StandardCharsets.UTF_8))) {
            throw ApiError.of(401, "invalid_api_key",
                    "the API key is missing or wrong: send it as 'Authorization: Bearer KEY'");
        }
    }

    private JsonNode body(HttpExchange exchange) throws ApiError, IOException {
        String type = exchange.getRequestHeaders().getFirst("Content-Type");
        if (type == null || !type.toLowerCase(Locale.ROOT).startsWith("application/json")) {
            throw ApiError.of(415, "unsupported_media_type", "the body must be application/json");
        }
        byte[] bytes;
        try (InputStream in = exchange.getRequestBody()) {
            bytes = in.readNBytes(settings.bodyBytes() + 1);
        }
        if (bytes.length > settings.bodyBytes()) {
            throw ApiError.of(413, "request_too_large", "the body is larger than the " + settings.bodyBytes()
                    + " bytes allowed");
        }
        try {
            JsonNode body = JSON.readTree(bytes);
            if (body == null || !body.isObject()) {
                throw ApiError.invalid(null, "the body must be a JSON object");
            }
            return body;
        } catch (JsonProcessingException e) {
            throw ApiError.invalid(null, "the body is not valid JSON: "
                    + e.getOriginalMessage().lines().findFirst().orElse("unreadable"));
        }
    }

    private static void send(HttpExchange exchange, int status, String type, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", type);
        exchange.sendResponseHeaders(status, bytes.length);
        try (OutputStream out = exchange.getResponseBody()) {
            out.write(bytes);
        }
    }
}
