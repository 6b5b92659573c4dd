// Context: one loaded model, and the sessions in which threads use it.
#pragma once

#include <pybind11/pybind11.h>
#include <whisper.h>

#include "openvino_encoder.h"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace pwc {

namespace py = pybind11;

// What a model says about itself, copied at load so that reading it needs no lock.
struct Facts {
    int n_vocab = 0;
    int n_audio_ctx = 0;
    int n_audio_state = 0;
    int n_text_ctx = 0;
    int n_mels = 0;
    int ftype = 0;
    bool is_multilingual = false;
    std::string type;
};

// One whisper_state: what a transcription writes to, while all of them read the same weights.
struct Session {
    whisper_state * state = nullptr;
    std::shared_ptr<OpenvinoEncoder> encoder;      // nullptr where ggml encodes
    whisper_openvino_context * openvino = nullptr;  // what the state holds of it, and owns
    std::thread::id user;                          // nobody's when it is free
};

class Context {
public:
    // `most_sessions`: how many threads may work at once; a session is made when a thread finds the others taken.
    Context(const std::string & path, const whisper_context_params & params, int most_sessions);
    ~Context();
    Context(const Context &) = delete;
    Context & operator=(const Context &) = delete;

    void close();

    const Facts & facts() const { return facts_; }
    int n_sessions() const;

    // The OpenVINO encoder; nullptr where ggml encodes. Needs no GIL.
    std::shared_ptr<OpenvinoEncoder> encoder() const;

private:
    friend class Use;

    enum class Taken { yes, not_yet, nested, closed, no_memory };

    // Without the GIL: a session for this thread; waits a moment where all are taken.
    Taken take(Session *& session);
    Taken make(std::unique_lock<std::mutex> & lock, Session *& session);
    void close_door();
    void open_door();
    bool is_idle();  // waits a moment where it is not
    void give_back(Session & session, bool keep);

    whisper_context * ctx_ = nullptr;
    Facts facts_;
    mutable std::mutex mutex_;  // of all below; never held while Python or whisper.cpp's long work runs
    std::condition_variable given_back_;
    std::vector<std::unique_ptr<Session>> sessions_;
    size_t most_sessions_;
    bool closing_ = false;
    std::shared_ptr<OpenvinoEncoder> encoder_;
};

// Alive while a callback of this model runs on a thread that has no session of it: it may not ask for one.
class CallingBack {
public:
    explicit CallingBack(const Context & context);
    ~CallingBack();
    CallingBack(const CallingBack &) = delete;
    CallingBack & operator=(const CallingBack &) = delete;

private:
    const Context * before_;
};

// The right to use a session of a Context, for as long as this object lives. Made and destroyed with the GIL held.
//
// No thread waits for a session while it holds the GIL, so a thread that has one can always get the GIL for its
// callbacks; and none asks for a second one, so that they cannot wait for each other.
class Use {
public:
    explicit Use(Context & context);
    ~Use();
    Use(const Use &) = delete;
    Use & operator=(const Use &) = delete;

    whisper_context * ctx() const { return context_.ctx_; }
    whisper_state * state() const { return session_->state; }

    // Encodes with `encoder` here, and from the next use on in every other session. Needs no GIL; throws
    // std::runtime_error.
    void encode_with(const std::shared_ptr<OpenvinoEncoder> & encoder);

    // The state is beyond use: it is freed, and the next thread gets another.
    void spoil() { keep_ = false; }

private:
    void adopt(const std::shared_ptr<OpenvinoEncoder> & encoder);

    Context & context_;
    Session * session_ = nullptr;
    bool keep_ = true;
};

}  // namespace pwc
