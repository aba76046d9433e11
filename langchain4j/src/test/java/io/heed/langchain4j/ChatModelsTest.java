package io.heed.langchain4j;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.output.FinishReason;
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
import static org.assertj.core.api.Assertions.assertThatThrownBy;

@Timeout(60)
class ChatModelsTest {
    @TempDir
    private Path folder;
    private TextModel model;
    private Engine engine;

    @BeforeEach
    void open() throws IOException {
        model = TextModel.open(TinyModel.of("llama").with("eos_token_id", null).write(folder.resolve("tiny")));
        engine = new Engine(model.model(), EngineSettings.of(model.model().dense(), 8L << 20, model.vocabulary()));
    }

    @AfterEach
    void close() {
        engine.close();
    }

    private static ChatRequest.Builder hello() {
        return ChatRequest.builder().messages(SystemMessage.from("Be brief."), UserMessage.from("Hi"),
                AiMessage.from("Yes"),
                UserMessage.from("Go on"));
    }

    @Test
    void streamedAndWholeAnswersAreTheSame() throws Exception {
        ChatRequest request = hello().temperature(0.0).maxOutputTokens(30).build();
        ChatResponse whole = new HeedChatModel(model, engine).chat(request);
        assertThat(whole.finishReason()).isEqualTo(FinishReason.LENGTH);
        assertThat(whole.tokenUsage().outputTokenCount()).isEqualTo(30);
        assertThat(whole.modelName()).isEqualTo("tiny");

        List<String> parts = new ArrayList<>();
        CompletableFuture<ChatResponse> streamed = new CompletableFuture<>();
        new HeedStreamingChatModel(model, engine).chat(request, new StreamingChatResponseHandler() {
            @Override
            public void onPartialResponse(String part) {
                parts.add(part);
            }

            @Override
            public void onCompleteResponse(ChatResponse response) {
                streamed.complete(response);
            }

            @Override
            public void onError(Throwable error) {
                streamed.completeExceptionally(error);
            }
        });
        ChatResponse response = streamed.get(30, TimeUnit.SECONDS);
        assertThat(response.aiMessage()).isEqualTo(whole.aiMessage());
        assertThat(String.join("", parts)).isEqualTo(whole.aiMessage().text());
        assertThat(response.tokenUsage()).isEqualTo(whole.tokenUsage());
    }

    @Test
    void defaultsFillWhatARequestLeavesOpen() {
        HeedChatModel chat = new HeedChatModel(model, engine, ChatRequestParameters.builder().maxOutputTokens(3)
                .temperature(0.0)
                .build());
        assertThat(chat.chat(hello().build()).tokenUsage().outputTokenCount()).isEqualTo(3);
        assertThat(chat.chat("Hi")).isNotNull();
    }

    @Test
    void whatCannotBeDoneIsSaid() {
        HeedChatModel chat = new HeedChatModel(model, engine);
        assertThatThrownBy(() -> chat.chat(hello().toolSpecifications(ToolSpecification.builder().name("clock").build())
                .build()))
                .isInstanceOf(UnsupportedFeatureException.class).hasMessageContaining("tools");
        assertThatThrownBy(() -> chat.chat(UserMessage.from(ImageContent.from("http://localhost/x.png"))))
                .isInstanceOf(UnsupportedFeatureException.class).hasMessageContaining("IMAGE");
        assertThatThrownBy(() -> chat.chat(UserMessage.from("x".repeat(600))))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("context");
    }
}
