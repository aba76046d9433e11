package io.heed.inference.serve;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.JsonValue;
import com.openai.core.http.StreamResponse;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionTokenLogprob;
import com.openai.models.completions.Completion;
import com.openai.models.completions.CompletionChoice;
import com.openai.models.completions.CompletionCreateParams;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import io.heed.inference.TinyModel;
import io.heed.inference.engine.Engine;
import io.heed.inference.engine.EngineSettings;
import io.heed.inference.text.TextModel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

/** What a request may ask for beside its prompt, by the official client. */
@Timeout(90)
class RequestOptionsTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String NAME = "tiny";

    @TempDir
    private Path folder;
    private Engine engine;
    private ModelServer server;
    private OpenAIClient client;

    @BeforeEach
    void open() throws IOException {
        TextModel model = TextModel.open(TinyModel.of("llama").with("eos_token_id", null).write(folder.resolve(NAME)));
        engine = new Engine(model.model(), EngineSettings.of(model.model().dense(), 16L << 20, model.vocabulary()));
        server = ModelServer.start(model, engine, ServerSettings.loopback());
        client = OpenAIOkHttpClient.builder().baseUrl("http://127.0.0.1:" + server.address().getPort() + "/v1")
                .apiKey("any").maxRetries(0).build();
    }

    @AfterEach
    void stop() {
        server.close();
        engine.close();
    }

    private static CompletionCreateParams.Builder completion(int tokens) {
        return CompletionCreateParams.builder().model(NAME).prompt("Hello").maxTokens(tokens);
    }

    private static ChatCompletionCreateParams.Builder chat(int tokens) {
        return ChatCompletionCreateParams.builder().model(NAME).addUserMessage("Hi").maxCompletionTokens(tokens);
    }

    private String text(CompletionCreateParams.Builder params) {
        return client.completions().create(params.build()).choices().getFirst().text();
    }

    @Test
    void completionsTellHowLikelyTheirTokensWere() {
        CompletionChoice choice = client.completions().create(completion(12).temperature(0.0).logprobs(3).build())
                .choices().getFirst();
        CompletionChoice.Logprobs logprobs = choice.logprobs().orElseThrow();
        List<Double> each = logprobs.tokenLogprobs().orElseThrow();
        List<Long> offsets = logprobs.textOffset().orElseThrow();
        assertThat(each).hasSize(12).allMatch(one -> one < 0);
        assertThat(logprobs.tokens().orElseThrow()).hasSize(12);
        assertThat(offsets).hasSize(12).isSorted().startsWith(0L);
        assertThat(logprobs.topLogprobs().orElseThrow()).hasSize(12).allSatisfy(top -> {
            assertThat(top._additionalProperties()).hasSize(3); // the greedy choice is the likeliest
        });

        List<Double> streamed = new ArrayList<>();
        List<Long> streamedOffsets = new ArrayList<>();
        try (StreamResponse<Completion> stream = client.completions()
                .createStreaming(completion(12).temperature(0.0).logprobs(3).build())) {
            stream.stream().flatMap(part -> part.choices().stream()).map(CompletionChoice::logprobs)
                    .flatMap(Optional::stream).forEach(one -> {
                        streamed.addAll(one.tokenLogprobs().orElseThrow());
                        streamedOffsets.addAll(one.textOffset().orElseThrow());
                    });
        }
        assertThat(streamed).isEqualTo(each);
        assertThat(streamedOffsets).isEqualTo(offsets);
        assertThat(client.completions().create(completion(3).build()).choices().getFirst().logprobs()).isEmpty();
    }

    @Test
    void chatsTellHowLikelyTheirTokensWere() {
        ChatCompletionCreateParams params = chat(10).temperature(0.0).logprobs(true).topLogprobs(4).build();
        ChatCompletion.Choice choice = client.chat().completions().create(params).choices().getFirst();
        List<ChatCompletionTokenLogprob> content = choice.logprobs().orElseThrow().content().orElseThrow();
        assertThat(content).hasSize(10).allSatisfy(token -> {
            assertThat(token.topLogprobs()).hasSize(4);
            assertThat(token.topLogprobs().getFirst().token()).isEqualTo(token.token());
            assertThat(token.topLogprobs().getFirst().logprob()).isCloseTo(token.logprob(), within(1e-12));
            assertThat(token.topLogprobs().get(1).logprob()).isLessThanOrEqualTo(token.logprob());
        });
        List<ChatCompletionTokenLogprob> streamed = new ArrayList<>();
        try (StreamResponse<ChatCompletionChunk> stream = client.chat().completions().createStreaming(params)) {
            stream.stream().flatMap(chunk -> chunk.choices().stream()).map(ChatCompletionChunk.Choice::logprobs)
                    .flatMap(Optional::stream).forEach(one -> streamed.addAll(one.content().orElseThrow()));
        }
        assertThat(streamed).isEqualTo(content);
    }

    @Test
    void tokensAreToldAsBytesAndText() {
        ChatCompletionCreateParams.LogitBias letters = ChatCompletionCreateParams.LogitBias.builder()
                .putAdditionalProperty("68", JsonValue.from(80)).putAdditionalProperty("69", JsonValue.from(80))
                .build();
        ChatCompletion.Choice choice = client.chat().completions().create(chat(10).temperature(1.0).seed(1)
                .logitBias(letters).logprobs(true).build()).choices().getFirst();
        List<ChatCompletionTokenLogprob> content = choice.logprobs().orElseThrow().content().orElseThrow();
        String text = choice.message().content().orElseThrow();
        assertThat(text).hasSize(10).contains("A", "B");
        assertThat(String.join("", content.stream().map(ChatCompletionTokenLogprob::token).toList())).isEqualTo(text);
        assertThat(content.stream().map(token -> token.bytes().orElseThrow()).toList())
                .isEqualTo(text.chars().mapToObj(c -> List.of((long) c)).toList());
    }

    @Test
    void biasesForceAndBanTokens() {
        CompletionCreateParams.LogitBias only = CompletionCreateParams.LogitBias.builder()
                .putAdditionalProperty("68", JsonValue.from(100)).build(); // A, after 3 special tokens
        assertThat(text(completion(6).logitBias(only).temperature(1.0))).isEqualTo("AAAAAA");
        String greedy = text(completion(30).temperature(0.0));
        CompletionCreateParams.LogitBias.Builder banned = CompletionCreateParams.LogitBias.builder();
        for (byte b : greedy.getBytes(StandardCharsets.UTF_8)) {
            banned.putAdditionalProperty(Integer.toString(3 + (b & 0xFF)), JsonValue.from(-100));
        }
        String other = text(completion(30).temperature(0.0).logitBias(banned.build()));
        assertThat(other.chars().filter(c -> c < 0x80)).doesNotContainAnyElementsOf(
                greedy.chars().filter(c -> c < 0x80).boxed().toList());
    }

    @Test
    void seedsRepeatAndChoicesDiffer() {
        List<String> three = client.completions().create(completion(20).temperature(1.2).seed(7).n(3).build())
                .choices().stream().map(CompletionChoice::text).toList();
        assertThat(three).doesNotHaveDuplicates().hasSize(3);
        assertThat(text(completion(20).temperature(1.2).seed(7))).isEqualTo(three.getFirst());
        assertThat(text(completion(20).temperature(1.2).seed(8))).isEqualTo(three.get(1));
        assertThat(client.chat().completions().create(chat(5).n(2).temperature(2.0).seed(1).build()).choices())
                .extracting(ChatCompletion.Choice::index).containsExactly(0L, 1L);
    }

    @Test
    void penaltiesMakeTokensRarer() {
        CompletionCreateParams.LogitBias few = CompletionCreateParams.LogitBias.builder()
                .putAdditionalProperty("68", JsonValue.from(60)).putAdditionalProperty("69", JsonValue.from(59))
                .build();
        assertThat(text(completion(20).logitBias(few).temperature(0.0))).contains("AAAAAA");
        // as often as A came, 2 are taken from it
        String fair = text(completion(20).logitBias(few).temperature(0.0).frequencyPenalty(2.0));
        assertThat(fair.chars().filter(c -> c == 'B').count()).isBetween(4L, 16L);
        String once = text(completion(20).logitBias(few).temperature(0.0).presencePenalty(2.0));
        assertThat(once).isNotEqualTo(text(completion(20).logitBias(few).temperature(0.0)));
    }

    @Test
    void severalStopTextsEndAnAnswerAtTheFirst() {
        String greedy = text(completion(60).temperature(0.0));
        String early = greedy.substring(8, 10);
        String late = greedy.substring(20, 22);
        CompletionChoice cut = client.completions().create(completion(60).temperature(0.0)
                .stopOfStrings(List.of(late, early, "never this")).logprobs(0).build()).choices().getFirst();
        int first = Math.min(greedy.indexOf(early), greedy.indexOf(late));
        assertThat(cut.text()).isEqualTo(greedy.substring(0, first));
        assertThat(cut.finishReason()).isEqualTo(CompletionChoice.FinishReason.STOP);
        // of the stop text no token is told
        assertThat(cut.logprobs().orElseThrow().textOffset().orElseThrow()).allMatch(at -> at < Math.max(1, first));
    }

    @Test
    void whatIsOutOfRangeIsRefused() throws Exception {
        refused("completions", "\"prompt\":\"a\",\"logprobs\":21", "logprobs is 21, must be 0 to 20");
        refused("completions", "\"prompt\":\"a\",\"logprobs\":true", "logprobs must be a whole number");
        refused("completions", "\"prompt\":\"a\",\"logit_bias\":{\"x\":1}", "logit_bias has x: 1");
        refused("completions", "\"prompt\":\"a\",\"logit_bias\":{\"9000\":1}", "token id of 0 to 258");
        refused("completions", "\"prompt\":\"a\",\"logit_bias\":{\"9\":1000}", "logit bias of token 9 is 1000");
        refused("completions", "\"prompt\":\"a\",\"logit_bias\":[1]", "must be an object");
        refused("completions", "\"prompt\":\"a\",\"presence_penalty\":3", "presence penalty is 3.0");
        refused("completions", "\"prompt\":\"a\",\"seed\":\"x\"", "seed must be a whole number");
        refused("completions", "\"prompt\":\"a\",\"stop\":[\"a\",\"b\",\"c\",\"d\",\"e\"]", "at most 4");
        refused("chat/completions", "\"messages\":[{\"role\":\"user\",\"content\":\"a\"}],\"top_logprobs\":2",
                "top_logprobs needs 'logprobs'");
    }

    private void refused(String path, String fields, String part) throws Exception {
        try (HttpClient http = HttpClient.newHttpClient()) {
            HttpResponse<String> response = http.send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:"
                    + server.address().getPort() + "/v1/" + path)).header("Content-Type", "application/json")
                    .POST(HttpRequest.BodyPublishers.ofString("{\"model\":\"tiny\"," + fields + "}")).build(),
                    HttpResponse.BodyHandlers.ofString());
            assertThat(response.statusCode()).as(response.body()).isEqualTo(400);
            JsonNode error = JSON.readTree(response.body()).path("error");
            assertThat(error.path("message").asText()).contains(part).doesNotContain("\n");
        }
    }
}
