package io.heed.inference.text;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import io.heed.inference.TinyModel;
import io.heed.inference.attention.AttentionPlan;
import io.heed.inference.engine.Engine;
import io.heed.inference.engine.EngineSettings;
import io.heed.inference.engine.FinishReason;
import io.heed.inference.engine.GenerationRequest;
import io.heed.inference.engine.Sampling;
import io.heed.inference.engine.TokenListener;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** What the files beside the weights say. */
@Timeout(60)
class TextModelTest {
    private static final List<ChatTemplate.Message> TALK = List.of(new ChatTemplate.Message("user", "Hi"),
            new ChatTemplate.Message("assistant", "Yes"), new ChatTemplate.Message("user", "Go on"));

    @TempDir
    private Path folder;

    @BeforeEach
    void write() throws IOException {
        TinyModel.of("llama").write(folder);
    }

    private TextModel with(String file, String text) throws IOException {
        Files.writeString(folder.resolve(file), text);
        return TextModel.open(folder);
    }

    private static List<Integer> greedy(TextModel model, AttentionPlan plan) throws Exception {
        List<Integer> tokens = new ArrayList<>();
        CompletableFuture<FinishReason> end = new CompletableFuture<>();
        int[] prompt = model.tokenizer().encode("a prompt that is longer than the windows", true);
        try (Engine engine = new Engine(model.model(), EngineSettings.of(plan, 4L << 20, model.vocabulary()))) {
            engine.submit(new GenerationRequest(prompt, 40, Sampling.greedy(), Set.of(), GenerationRequest.NO_TIMEOUT),
                    new TokenListener() {
                @Override
                public boolean token(int id) {
                    return tokens.add(id);
                }

                @Override
                public void end(FinishReason reason, Throwable failure) {
                    end.complete(reason);
                }
            });
            end.get(30, TimeUnit.SECONDS);
        }
        return tokens;
    }

    @Test
    void generationConfigSaysHowToSampleAndWhenToEnd() throws IOException {
        assertThat(TextModel.open(folder).defaults().sampling()).isEqualTo(Sampling.greedy());
        assertThat(TextModel.open(folder).defaults().stops()).containsExactly(2); // of config.json
        GenerationDefaults drawn = with("generation_config.json", """
                {"do_sample": true, "temperature": 0.6, "top_k": 20, "top_p": 0.95, "min_p": 0.1,
                 "repetition_penalty": 1.05, "eos_token_id": [5, 7]}""").defaults();
        assertThat(drawn.sampling()).isEqualTo(new Sampling(0.6, 20, 0.95, 0.1, 1.05, 0, 0, 0));
        assertThat(drawn.stops()).containsExactlyInAnyOrder(5, 7);
        assertThat(with("generation_config.json", "{\"do_sample\": false, \"temperature\": 0.6}").defaults().sampling())
                .isEqualTo(Sampling.greedy());
        assertThatThrownBy(() -> with("generation_config.json", "{\"do_sample\": true, \"top_p\": 3}"))
                .isInstanceOf(IOException.class).hasMessageContainingAll("generation_config.json", "top-p is 3.0");
        assertThatThrownBy(() -> with("generation_config.json", "{")).isInstanceOf(IOException.class)
                .hasMessageContaining("not valid JSON");
    }

    @Test
    void generationConfigSaysWhatAttentionReads() throws Exception {
        TextModel dense = TextModel.open(folder);
        List<Integer> plain = greedy(dense, dense.attention(List.of()));
        List<List<Integer>> different = new ArrayList<>(List.of(plain));
        for (String policy : List.of("sliding:window=4,sinks=1", "sliding:window=3,sinks=0@1",
                "sliding:window=3,sinks=0@0-2/1,3")) {
            List<Integer> given = greedy(dense, dense.attention(List.of(policy)));
            different.add(given);
            for (String json : List.of("\"" + policy + "\"", "[\"dense\", \"" + policy + "\"]")) {
                TextModel model = with("generation_config.json", "{\"attention_policy\": " + json + "}");
                assertThat(greedy(model, model.attention(List.of()))).isEqualTo(given);
                assertThat(greedy(model, model.attention(List.of("dense")))).as("what is given goes first")
                        .isEqualTo(plain);
            }
        }
        assertThat(different).doesNotHaveDuplicates();
        assertThatThrownBy(() -> with("generation_config.json", "{\"attention_policy\": 3}"))
                .isInstanceOf(IOException.class).hasMessageContaining("attention_policy must be a text or a list");
        TextModel unknown = with("generation_config.json", "{\"attention_policy\": \"slidng\"}");
        assertThatThrownBy(() -> unknown.attention(List.of())).hasMessageContaining("did you mean 'sliding'");
    }

    @Test
    void chatTemplatesComeFromEitherFile() throws IOException {
        assertThat(TextModel.open(folder).template().prompt(TALK)).isEqualTo("Hi\nYes\nGo on");
        String loop = "{% for m in messages %}{{ bos_token if loop.first }}<{{ m['role'] }}>{{ m.content }}"
                + "{{ eos_token }}{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}";
        String want = "<s><user>Hi</s><assistant>Yes</s><user>Go on</s><assistant>";
        TextModel one = with("tokenizer_config.json", """
                {"bos_token": "<s>", "eos_token": {"content": "</s>"}, "chat_template": "%s"}""".formatted(loop));
        assertThat(one.template().prompt(TALK)).isEqualTo(want);
        assertThat(one.encode(TALK)).isEqualTo(one.tokenizer().encode(want, false));
        TextModel named = with("tokenizer_config.json", """
                {"bos_token": "<s>", "eos_token": "</s>", "chat_template": [
                 {"name": "tool_use", "template": "wrong"}, {"name": "default", "template": "%s"}]}""".formatted(loop));
        assertThat(named.template().prompt(TALK)).isEqualTo(want);
        assertThat(with("chat_template.jinja", "{{ messages|length }}").template().prompt(TALK)).isEqualTo("3");
        assertThatThrownBy(() -> with("chat_template.jinja", "{% frobnicate %}")).isInstanceOf(IOException.class)
                .hasMessageContaining("chat_template.jinja");
    }
}
