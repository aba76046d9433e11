package io.heed.inference.serve;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.http.StreamResponse;
import com.openai.errors.BadRequestException;
import com.openai.errors.NotFoundException;
import com.openai.errors.UnauthorizedException;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionStreamOptions;
import com.openai.models.completions.Completion;
import com.openai.models.completions.CompletionCreateParams;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import io.heed.inference.TinyModel;
import io.heed.inference.engine.Engine;
import io.heed.inference.engine.EngineSettings;
import io.heed.inference.engine.EngineStatistics;
import io.heed.inference.text.TextModel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

@Timeout(90)
class ModelServerTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String NAME = "tiny";

    @TempDir
    private Path folder;
    private TextModel model;
    private Engine engine;
    private ModelServer server;
    private final HttpClient http = HttpClient.newHttpClient();

    @BeforeEach
    void open() throws IOException {
        Path at = TinyModel.of("llama").with("max_position_embeddings", 8192).with("eos_token_id", null)
                .write(folder.resolve(NAME));
        Files.writeString(at.resolve("tokenizer_config.json"), JSON.writeValueAsString(Map.of("chat_template",
                "{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}[assistant]")));
        model = TextModel.open(at);
        start(ServerSettings.loopback(), 64, 256);
    }

    private void start(ServerSettings settings, int batch, int queue) throws IOException {
        stop();
        engine = new Engine(model.model(), EngineSettings.of(model.model().dense(), 16L << 20, model.vocabulary())
                .withBatch(batch).withQueue(queue));
        server = ModelServer.start(model, engine, settings);
    }

    @AfterEach
    void stop() {
        if (server != null) {
            server.close();
            engine.close();
        }
    }

    private String url() {
        return "http://127.0.0.1:" + server.address().getPort();
    }

    private OpenAIClient client(String key) {
        return OpenAIOkHttpClient.builder().baseUrl(url() + "/v1").apiKey(key).maxRetries(0).build();
    }

    private HttpResponse<String> post(String path, String body) throws IOException, InterruptedException {
        return http.send(HttpRequest.newBuilder(URI.create(url() + path)).header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body)).build(), HttpResponse.BodyHandlers.ofString());
    }

    private String get(String path) throws IOException, InterruptedException {
        return http.send(HttpRequest.newBuilder(URI.create(url() + path)).build(), HttpResponse.BodyHandlers.ofString())
                .body();
    }

    private static String body(String prompt, int tokens, boolean stream) {
        return "{\"model\":\"tiny\",\"prompt\":\"" + prompt + "\",\"max_tokens\":" + tokens + ",\"stream\":" + stream
                + "}";
    }

    private static CompletionCreateParams.Builder completion(String prompt, int tokens) {
        return CompletionCreateParams.builder().model(NAME).prompt(prompt).maxTokens(tokens).temperature(0.0);
    }

    @Test
    void theOfficialClientCompletes() {
        OpenAIClient client = client("any");
        assertThat(client.models().list().data()).singleElement()
                .satisfies(one -> assertThat(one.id()).isEqualTo(NAME));
        Completion whole = client.completions().create(completion("Hello", 12).build());
        assertThat(whole.choices()).hasSize(1);
        assertThat(whole.usage().orElseThrow().promptTokens()).isEqualTo(6);
        assertThat(whole.usage().orElseThrow().completionTokens()).isEqualTo(12);
        StringBuilder text = new StringBuilder();
        try (StreamResponse<Completion> stream = client.completions()
                .createStreaming(completion("Hello", 12).build())) {
            stream.stream().flatMap(part -> part.choices().stream()).forEach(choice -> text.append(choice.text()));
        }
        assertThat(text).hasToString(whole.choices().getFirst().text());
        Completion several = client.completions().create(completion("Hello", 12).temperature(1.5).seed(3).n(3).build());
        assertThat(several.choices().stream().map(choice -> choice.text()).distinct()).hasSize(3);
        assertThat(several.usage().orElseThrow().promptTokens()).isEqualTo(6);
        assertThat(several.choices()).isEqualTo(client.completions()
                .create(completion("Hello", 12).temperature(1.5).seed(3).n(3).build()).choices());
    }

    @Test
    void theOfficialClientChats() {
        OpenAIClient client = client("any");
        ChatCompletionCreateParams.Builder chat = ChatCompletionCreateParams.builder().model(NAME)
                .addSystemMessage("Be brief.")
                .addUserMessage("Hi").maxCompletionTokens(9).temperature(0.0);
        ChatCompletion whole = client.chat().completions().create(chat.build());
        assertThat(whole.choices().getFirst().finishReason()).isEqualTo(ChatCompletion.Choice.FinishReason.LENGTH);
        // [system]Be brief.[user]Hi[assistant], a token a byte
        assertThat(whole.usage().orElseThrow().promptTokens()).isEqualTo(8 + 9 + 6 + 2 + 11);
        StringBuilder text = new StringBuilder();
        List<ChatCompletionChunk> chunks = new ArrayList<>();
        try (StreamResponse<ChatCompletionChunk> stream = client.chat().completions().createStreaming(chat
                .streamOptions(ChatCompletionStreamOptions.builder().includeUsage(true).build()).build())) {
            stream.stream().forEach(chunks::add);
        }
        chunks.forEach(chunk -> chunk.choices().forEach(choice -> text.append(choice.delta().content().orElse(""))));
        assertThat(text).hasToString(whole.choices().getFirst().message().content().orElseThrow());
        assertThat(chunks.getLast().usage().orElseThrow().completionTokens()).isEqualTo(9);
    }

    @Test
    void stopTextsEndAnAnswer() throws Exception {
        String full = JSON.readTree(post("/v1/completions", body("abc", 40, false)).body()).at("/choices/0/text")
                .asText();
        String stop = full.substring(10, 12);
        JsonNode cut =
                JSON.readTree(post("/v1/completions",
                "{\"model\":\"tiny\",\"prompt\":\"abc\",\"max_tokens\":40,\"stop\":["
                + JSON.writeValueAsString(stop) + "]}").body());
        assertThat(cut.at("/choices/0/text").asText()).isEqualTo(full.substring(0, full.indexOf(stop)));
        assertThat(cut.at("/choices/0/finish_reason").asText()).isEqualTo("stop");
    }

    @Test
    void badRequestsGetOneClearError() throws Exception {
        assertThatThrownBy(() -> client("any").completions().create(completion("x".repeat(8192), 5).build()))
                .isInstanceOf(BadRequestException.class).hasMessageContaining("context");
        assertThatThrownBy(() -> client("any").completions().create(CompletionCreateParams.builder().model("other")
                .prompt("x")
                .build())).isInstanceOf(NotFoundException.class).hasMessageContaining("'other'");
        refused("/v1/completions", "{\"model\":", 400, "not valid JSON");
        refused("/v1/completions", "[1]", 400, "JSON object");
        refused("/v1/completions", "{\"model\":\"tiny\"}", 400, "prompt must be");
        refused("/v1/completions", "{\"model\":\"tiny\",\"prompt\":[5,9000]}", 400, "token id 9000");
        refused("/v1/completions", "{\"model\":\"tiny\",\"prompt\":\"a\",\"max_tokens\":100000}", 400, "1 to 4096");
        refused("/v1/completions", "{\"model\":\"tiny\",\"prompt\":\"a\",\"temperature\":\"hot\"}", 400,
                "must be a number");
        refused("/v1/completions", "{\"model\":\"tiny\",\"prompt\":\"a\",\"top_p\":7}", 400, "top-p");
        refused("/v1/completions", "{\"model\":\"tiny\",\"prompt\":\"a\",\"n\":9}", 400, "9 answers");
        refused("/v1/chat/completions", "{\"model\":\"tiny\",\"messages\":[]}", 400, "at least one message");
        refused("/v1/chat/completions",
                "{\"model\":\"tiny\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\"}]}]}",
                400, "image_url");
        refused("/v1/completions", "{\"model\":\"tiny\",\"prompt\":\"" + "a".repeat(1 << 20) + "\"}", 413,
                "larger than");
        refused("/v1/nothing", "{}", 404, "/v1/nothing");
        refused("/v1/models", "{}", 405, "takes GET");
        HttpResponse<String> form = http.send(HttpRequest.newBuilder(URI.create(url() + "/v1/completions"))
                .POST(HttpRequest.BodyPublishers.ofString("{}")).build(), HttpResponse.BodyHandlers.ofString());
        assertThat(form.statusCode()).isEqualTo(415);
    }

    private void refused(String path, String body, int status, String part) throws Exception {
        HttpResponse<String> response = post(path, body);
        assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
        assertThat(JSON.readTree(response.body()).at("/error/message").asText()).contains(part).doesNotContain("\n");
    }

    @Test
    void aKeyIsAskedForWhenThereIsOne() throws IOException, InterruptedException {
        start(ServerSettings.loopback().withApiKey("secret"), 8, 8);
        assertThatThrownBy(() -> client("wrong").models().list()).isInstanceOf(UnauthorizedException.class);
        assertThat(client("secret").models().list().data()).hasSize(1);
        assertThat(get("/health")).contains("ok");
    }

    @Test
    void twoHundredAtOnceEachGetTheirOwnAnswer() throws Exception {
        start(ServerSettings.loopback(), 32, 256);
        List<String> alone = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            alone.add(text(post("/v1/completions", body("prompt number " + i * i, 12, false))));
        }
        assertThat(alone.stream().distinct()).hasSizeGreaterThan(3);
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<HttpResponse<String>>> all = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                int k = i % 10;
                all.add(threads.submit(() -> post("/v1/completions", body("prompt number " + k * k, 12, false))));
            }
            for (int i = 0; i < 200; i++) {
                assertThat(text(all.get(i).get(80, TimeUnit.SECONDS))).as("request %d", i).isEqualTo(alone.get(i % 10));
            }
        }
        assertThat(get("/metrics")).contains("heed_requests_total{path=\"/v1/completions\",status=\"200\"} 210");
    }

    private static String text(HttpResponse<String> response) throws IOException {
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        return JSON.readTree(response.body()).at("/choices/0/text").asText();
    }

    @Test
    void aFullQueueSaysWhenToComeAgain() throws Exception {
        start(ServerSettings.loopback(), 1, 0);
        CompletableFuture<HttpResponse<InputStream>> running = http.sendAsync(HttpRequest.newBuilder(
                URI.create(url() + "/v1/completions")).header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers
                .ofString(body("abc", 1500, true))).build(), HttpResponse.BodyHandlers.ofInputStream());
        try (InputStream stream = running.get().body()) {
            stream.read();
            HttpResponse<String> response = post("/v1/completions", body("abc", 5, false));
            assertThat(response.statusCode()).isEqualTo(429);
            assertThat(response.headers().firstValue("Retry-After")).contains("1");
        }
    }

    /** Sends a request by hand, reads the beginning of the answer, and hangs up. */
    private void hangUp(boolean stream) throws IOException {
        byte[] body = body("abc", 4000, stream).getBytes(StandardCharsets.UTF_8);
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress("127.0.0.1", server.address().getPort()));
            socket.setSoLinger(true, 0);
            socket.getOutputStream()
                    .write(("POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                    + "Content-Length: " + body.length + "\r\n\r\n").getBytes(StandardCharsets.UTF_8));
            socket.getOutputStream().write(body);
            socket.getOutputStream().flush();
            assertThat(socket.getInputStream().read()).isEqualTo('H');
        }
    }

    @Test
    void aClientThatGoesAwayIsNoticed() throws Exception {
        for (boolean stream : new boolean[] {true, false}) {
            long before = engine.statistics().cancelled();
            hangUp(stream);
            EngineStatistics now = engine.statistics();
            for (int i = 0; i < 100 && now.running() > 0; i++) {
                Thread.sleep(50);
                now = engine.statistics();
            }
            assertThat(now.running()).isZero();
            assertThat(now.cancelled()).isEqualTo(before + 1);
            assertThat(now.generatedTokens()).isLessThan(8000);
        }
        assertThat(text(post("/v1/completions", body("still here", 5, false)))).isNotNull();
    }

    @Test
    void timeIsLimited() throws Exception {
        start(ServerSettings.loopback().withTimeout(Duration.ofMillis(200)), 8, 8);
        JsonNode answer = JSON.readTree(post("/v1/completions", body("abc", 2000, false)).body());
        assertThat(answer.at("/choices/0/finish_reason").asText()).isEqualTo("length");
        assertThat(answer.at("/usage/completion_tokens").asInt()).isLessThan(2000);
    }

    @Test
    void stoppingFinishesWhatIsStreamedAndRefusesTheRest() throws Exception {
        CompletableFuture<HttpResponse<String>> streaming = http.sendAsync(HttpRequest.newBuilder(
                URI.create(url() + "/v1/completions")).header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers
                .ofString(body("abc", 400, true))).build(), HttpResponse.BodyHandlers.ofString());
        while (engine.statistics().running() == 0) {
            Thread.sleep(5);
        }
        CompletableFuture<Boolean> drained = CompletableFuture.supplyAsync(() -> {
            try {
                return server.drain(Duration.ofSeconds(60));
            } catch (InterruptedException e) {
                return false;
            }
        });
        int status = 0;
        for (int i = 0; i < 200 && status != 503 && !drained.isDone(); i++) {
            try {
                HttpResponse<String> refused = post("/v1/completions", body("late", 1, false));
                status = refused.statusCode();
            } catch (IOException e) {
                break;
            }
        }
        assertThat(drained.get(80, TimeUnit.SECONDS)).isTrue();
        assertThat(status).isEqualTo(503);
        String events = streaming.get(5, TimeUnit.SECONDS).body();
        assertThat(events).endsWith("data: [DONE]\n\n");
        assertThat(events.split("data: ")).hasSizeGreaterThan(6);
    }
}
