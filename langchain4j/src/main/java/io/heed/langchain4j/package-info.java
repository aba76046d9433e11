/**
 * A model of a HuggingFace folder, run in this process, as LangChain4j's {@code ChatModel} and
 * {@code StreamingChatModel}:
 *
 * {@snippet :
 * TextModel model = TextModel.open(Path.of("models/Qwen3-0.6B"));
 * Engine engine = new Engine(model.model(), EngineSettings.of(model.model().dense(), 1L << 30, model.vocabulary()));
 * ChatModel chat = new HeedChatModel(model, engine);
 * }
 */
package io.heed.langchain4j;
